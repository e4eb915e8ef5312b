package ca

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Origin says whose a root is, as far as its name and key tell.
type Origin string

// Origins that a store is searched for.
const (
	Ours     Origin = "infershield" // named as this program names roots; perhaps another folder's
	Original Origin = "original"    // of the Node.js InferShield: it may speak for every host
	Leaked   Origin = "leaked"      // its private key is public: anybody can speak for every host
)

// originalName is the common name of each root of the Node.js InferShield.
const originalName = "InferShield Proxy CA"

// leakedKeys are the SHA-256 sums of the public keys (SubjectPublicKeyInfo)
// whose private keys were committed to the public repository of the Node.js
// InferShield, in backend/certs.
var leakedKeys = [...]string{
	"f40587625038630b0ac68c05e0afec582367956a2d6f581b2364599972b653bc", // CN=InferShield Proxy CA
	"3955ebfb0bbc81c0ad595a0088fb774c3b1fef4bf0e8d9ca796496a0b5a33095", // CN=NodeMITMProxyCA
}

// Found is a root in a store that is not there by the system's own doing.
type Found struct {
	Name   string // its common name
	DER    []byte
	Origin Origin
}

// Fingerprint returns the SHA-256 of the certificate as openssl prints it.
func (f Found) Fingerprint() string { return hexPairs(f.DER) }

func hexPairs(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// identify tells what a certificate is, "" as its origin if it is none of ours.
func identify(der []byte) Found {
	name, key := readNameAndKey(der)
	sum := sha256.Sum256(key)
	found := Found{Name: name, DER: der}
	switch {
	case slices.Contains(leakedKeys[:], hex.EncodeToString(sum[:])):
		found.Origin = Leaked
	case strings.HasPrefix(name, rootName):
		found.Origin = Ours
	case name == originalName:
		found.Origin = Original
	}
	return found
}

// readNameAndKey returns the common name and the SubjectPublicKeyInfo of a
// certificate. x509 would refuse one of the very roots to be found, for its
// negative serial number.
func readNameAndKey(der []byte) (name string, key []byte) {
	var cert struct {
		TBS struct {
			Version    int           `asn1:"optional,explicit,default:0,tag:0"`
			Serial     asn1.RawValue // a negative one included
			Algorithm  asn1.RawValue
			Issuer     asn1.RawValue
			Validity   asn1.RawValue
			Subject    []subjectSET
			Key        asn1.RawValue
			Extensions []asn1.RawValue `asn1:"optional,explicit,tag:3"`
		}
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &cert); err != nil {
		return "", nil
	}
	for _, set := range cert.TBS.Subject {
		for _, attribute := range set {
			if attribute.Type.String() == "2.5.4.3" {
				name = string(bytes.ToValidUTF8(attribute.Value.Bytes, []byte("?")))
			}
		}
	}
	return name, cert.TBS.Key.FullBytes
}

// subjectSET is a relative distinguished name; encoding/asn1 takes a slice for a
// SET if the name of its type ends so.
type subjectSET []subjectAttribute

type subjectAttribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}
