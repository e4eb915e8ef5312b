package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// rootLife is long, because each renewal asks every client to trust
	// anew, and the name constraints bound what the root is worth.
	rootLife = 5 * 365 * 24 * time.Hour
	// skew is how far a client's clock may be behind ours.
	skew = 24 * time.Hour
	// rootName begins the common name of each root that we make.
	rootName = "InferShield CA "
	// nowhere is a domain that cannot exist (RFC 6761 §6.4). Permitting it
	// alone forbids all others; an empty constraint means different things to
	// different verifiers.
	nowhere = ".invalid"
)

// pair is a root: its certificate and the key that belongs to it.
type pair struct {
	cert *x509.Certificate
	key  crypto.Signer
	link *link // from the root before; nil if there never was an overlap
}

// newRoot makes a root that can sign for hosts and for nothing else. It may
// sign one CA between itself and a leaf, which is its successor.
func newRoot(hosts Hosts, now time.Time) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the CA key: %w", err)
	}
	keyID, err := keyID(key)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: newName(now)},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(rootLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true, // always critical
		MaxPathLen:            1,
		SubjectKeyId:          keyID,
		AuthorityKeyId:        keyID,
	}
	constrain(template, hosts)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the CA certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading the CA certificate just made: %w", err)
	}
	return &pair{cert: cert, key: key}, nil
}

// constrain limits a root to hosts. A kind of name without any constraint
// would be free, so each kind gets one.
func constrain(template *x509.Certificate, hosts Hosts) {
	names, addrs := hosts.permitted()
	template.PermittedDNSDomainsCritical = true // of all the constraints, despite its name
	template.PermittedDNSDomains = names
	template.PermittedEmailAddresses = []string{nowhere}
	template.PermittedURIDomains = []string{nowhere}
	for _, addr := range addrs {
		template.PermittedIPRanges = append(template.PermittedIPRanges, ipNet(netip.PrefixFrom(addr, addr.BitLen())))
	}
	if len(addrs) == 0 {
		template.ExcludedIPRanges = []*net.IPNet{
			ipNet(netip.PrefixFrom(netip.IPv4Unspecified(), 0)),
			ipNet(netip.PrefixFrom(netip.IPv6Unspecified(), 0)),
		}
	}
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// newName is another one for each root. OpenSSL finds issuers by name: a client
// that knows two roots of one name may try the wrong one and give up.
func newName(now time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return rootName + now.UTC().Format(time.DateOnly) + " " + hex.EncodeToString(b[:])
}

// newSerial returns a positive number of up to 128 random bits.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // as above
	serial := new(big.Int).SetBytes(b[:])
	return serial.Add(serial, big.NewInt(1)) // zero is not positive
}

// keyID is method 1 of RFC 7093 §2: no SHA-1 anywhere.
func keyID(key *ecdsa.PrivateKey) ([]byte, error) {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encoding a public key: %w", err)
	}
	sum := sha256.Sum256(point)
	return sum[:20], nil
}

// outdated says why the root does not serve hosts at the time now, or returns
// "" if it does.
func (p *pair) outdated(hosts Hosts, now time.Time) string {
	if now.After(p.cert.NotAfter) {
		return "it expired on " + p.cert.NotAfter.Format(time.DateOnly)
	}
	return p.difference(hosts)
}

// difference says how the hosts that the root was made for differ from hosts,
// or returns "" if they are the same.
func (p *pair) difference(hosts Hosts) string {
	if !p.cert.PermittedDNSDomainsCritical {
		return "it was not limited to the intercept list"
	}
	wanted, addrs := hosts.permitted()
	for _, addr := range addrs {
		wanted = append(wanted, addr.String())
	}
	had := slices.Clone(p.cert.PermittedDNSDomains)
	for _, ipRange := range p.cert.PermittedIPRanges {
		had = append(had, rangeName(ipRange))
	}
	added, removed := missing(wanted, had), missing(had, wanted)
	if len(added)+len(removed) == 0 {
		return ""
	}
	why := "the intercept list changed"
	if len(added) > 0 {
		why += ", added: " + strings.Join(added, " ")
	}
	if len(removed) > 0 {
		why += ", removed: " + strings.Join(removed, " ")
	}
	return why
}

// isOurs reports whether the root has a name that we give.
func (p *pair) isOurs() bool { return strings.HasPrefix(p.cert.Subject.CommonName, rootName) }

// rangeName is the address if the range is one address.
func rangeName(ipRange *net.IPNet) string {
	if ones, bits := ipRange.Mask.Size(); ones == bits {
		return ipRange.IP.String()
	}
	return ipRange.String()
}

// missing returns what of want is not in have.
func missing(want, have []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(have, s) })
}
