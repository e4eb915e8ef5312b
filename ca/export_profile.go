package ca

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
)

const (
	profileHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
`
	profilePayload = `		<dict>
			<key>PayloadCertificateFileName</key><string>infershield-%[1]s.cer</string>
			<key>PayloadContent</key><data>%[2]s</data>
			<key>PayloadDescription</key><string>Trusts a certificate authority of InferShield.</string>
			<key>PayloadDisplayName</key><string>%[3]s</string>
			<key>PayloadIdentifier</key><string>com.infershield.ca.%[1]s.root</string>
			<key>PayloadType</key><string>com.apple.security.root</string>
			<key>PayloadUUID</key><string>%[4]s</string>
			<key>PayloadVersion</key><integer>1</integer>
		</dict>
`
	profileTail = `	</array>
	<key>PayloadDescription</key><string>Lets this device trust InferShield, which inspects what programs say to LLM providers. The authority can speak for the hosts that were named when it was made, and for no others.</string>
	<key>PayloadDisplayName</key><string>%[2]s</string>
	<key>PayloadIdentifier</key><string>com.infershield.ca.%[1]s</string>
	<key>PayloadOrganization</key><string>InferShield</string>
	<key>PayloadRemovalDisallowed</key><false/>
	<key>PayloadType</key><string>Configuration</string>
	<key>PayloadUUID</key><string>%[3]s</string>
	<key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
`
)

// WriteProfile writes an Apple configuration profile (.mobileconfig) that
// trusts the root. It is not signed, and the device says so. Its identifiers
// follow from the certificate, so that installing it twice leaves one.
func (a *Authority) WriteProfile(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(profileHead)
	for _, cert := range a.roots() {
		fmt.Fprintf(&b, profilePayload, profileID(cert), base64.StdEncoding.EncodeToString(cert.Raw),
			escapeXML(commonName(cert)), profileUUID("payload", cert))
	}
	root := a.Root()
	fmt.Fprintf(&b, profileTail, profileID(root), escapeXML(commonName(root)), profileUUID("profile", root))
	_, err := w.Write(b.Bytes())
	return err
}

// profileID names a certificate where a name must be of letters and digits.
func profileID(cert *x509.Certificate) string { return fmt.Sprintf("%.8x", fingerprint(cert)) }

// profileUUID is a UUID of version 8 (RFC 9562 §5.8) that follows from what it
// is for and from the certificate.
func profileUUID(purpose string, cert *x509.Certificate) string {
	sum := sha256.Sum256(append([]byte(purpose+"\x00"), cert.Raw...))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80 // version
	id[8] = id[8]&0x3f | 0x80 // variant
	return fmt.Sprintf("%X-%X-%X-%X-%X", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
