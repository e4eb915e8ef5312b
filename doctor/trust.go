package doctor

import (
	"bytes"
	"context"
	"crypto/x509"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/infershield/infershield/ca"
	"github.com/infershield/infershield/launch"
)

// ourName begins the common name of each authority that InferShield makes.
const ourName = "InferShield CA "

// systemBundles are the files in which systems keep the roots they trust.
var systemBundles = [...]string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// systemRoots are those of the first file that is there.
func systemRoots() (path string, roots []*x509.Certificate) {
	for _, path := range systemBundles {
		if roots, err := readCerts(path); err == nil {
			return path, roots
		}
	}
	return "", nil
}

// current is the fingerprint of the authority that programs of this shell see,
// or of the one in the data folder; "" where there is neither.
func (v *visit) current() string {
	if p := v.way(); p.reached() {
		return p.hello.Authority
	}
	if a := v.folder(); a.cert != nil {
		return a.fingerprint()
	}
	return ""
}

// holding is what a file of certificates holds.
type holding struct {
	current bool // the authority of today
	stale   bool // another one of ours
	others  bool // somebody else's
}

func hold(certs []*x509.Certificate, current string) (h holding) {
	for _, cert := range certs {
		switch {
		case ca.Fingerprint(cert) == current:
			h.current = true
		case strings.HasPrefix(cert.Subject.CommonName, ourName):
			h.stale = true
		default:
			h.others = true
		}
	}
	return h
}

func envCA(_ context.Context, v *visit) []Finding {
	current := v.current()
	if current == "" {
		return skipped("There is no authority yet: the first start makes one.")
	}
	var unset, faults, ending []string
	set := 0
	for _, variable := range trustVariables() {
		path := v.env[variable.Name]
		if path == "" {
			unset = append(unset, variable.Name+" ("+variable.Clients+")")
			continue
		}
		set++
		fault, until := v.faultOf(variable, path, current)
		if fault != "" {
			faults = append(faults, fault)
		}
		if !until.IsZero() {
			ending = append(ending, variable.Name+" names "+path+", which is good until "+until.Format(time.DateOnly))
		}
	}
	switch {
	case len(faults) > 0:
		return wrong("A certificate variable does not do what it should.", strings.Join(faults, "\n"), v.settle())
	case set == 0 && !v.systemTrusts():
		return wrong("No certificate variable is set, and the system does not trust the authority either.",
			"Programs refuse the proxy's certificate.", v.settle())
	case len(ending) > 0:
		return warn("Certificate variables name files with the authority before: it was replaced, and its overlap ends.",
			strings.Join(ending, "\n"), v.settle())
	case len(unset) > 0:
		return warn("Some of the certificate variables are not set.", "Missing: "+strings.Join(unset, ", ")+".", v.settle())
	}
	return ok("The certificate variables name files with the authority of today.")
}

// faultOf says what is wrong with the file that a variable names, or "". A file
// with the authority before today's is good for a while, and until says so.
func (v *visit) faultOf(variable launch.Variable, path, current string) (fault string, until time.Time) {
	certs, err := readCerts(path)
	if err != nil {
		return variable.Name + " names a file that cannot be used: " + err.Error(), until
	}
	h := hold(certs, current)
	if !h.current {
		if until, trusted := v.way().trustedBy(certs, v.check); trusted {
			return "", until
		}
	}
	switch {
	case !h.current && h.stale:
		return variable.Name + " names " + path + ", which holds an earlier authority", until
	case !h.current:
		return variable.Name + " names " + path + ", which does not hold the authority", until
	case variable.Kind == launch.KindReplaces && !h.others && systemKnown():
		return variable.Name + " names " + path + ", which holds the authority alone: it replaces the system's roots, and " +
			variable.Clients + " may refuse every other host", until
	}
	return "", until
}

func systemKnown() bool {
	_, roots := systemRoots()
	return len(roots) > 0
}

func (v *visit) systemTrusts() bool {
	_, roots := systemRoots()
	return hold(roots, v.current()).current
}

// authorityOld looks for authorities of ours that should not be trusted any more,
// or stand in the way: OpenSSL finds an issuer by name, and gives up on a wrong
// one of the right name.
func authorityOld(_ context.Context, v *visit) []Finding {
	a := v.folder()
	for _, variable := range trustVariables() {
		path := v.env[variable.Name]
		certs, _ := readCerts(path) // env.ca tells of an error
		if twin := twinOf(a.cert, certs); twin != nil {
			return wrong("An old authority of the same name stands beside the one of today.",
				variable.Name+" names "+path+", which holds it (valid until "+twin.NotAfter.Format("2006-01-02")+"). OpenSSL may try it and give up.",
				v.settle())
		}
	}
	return v.oldInStores()
}

// twinOf is a certificate of the authority's name that is another one.
func twinOf(authority *x509.Certificate, certs []*x509.Certificate) *x509.Certificate {
	if authority == nil {
		return nil
	}
	i := slices.IndexFunc(certs, func(c *x509.Certificate) bool {
		return bytes.Equal(c.RawSubject, authority.RawSubject) && !c.Equal(authority)
	})
	if i < 0 {
		return nil
	}
	return certs[i]
}

// trustVariables are those that name a file of certificates.
func trustVariables() []launch.Variable {
	return slices.DeleteFunc(launch.Variables(), func(variable launch.Variable) bool {
		return variable.Kind != launch.KindAdds && variable.Kind != launch.KindReplaces
	})
}

// stale are the variables that name a file with an earlier authority in place of
// today's, or with another one of its name. Files of ours are made anew anyway.
func (v *visit) stale() (names []string) {
	current, a := v.current(), v.folder()
	for _, variable := range trustVariables() {
		path := v.env[variable.Name]
		if path == "" || v.isOurs(path) {
			continue
		}
		certs, err := readCerts(path)
		if err != nil {
			continue
		}
		if h := hold(certs, current); h.stale && !h.current || twinOf(a.cert, certs) != nil {
			names = append(names, variable.Name)
		}
	}
	return names
}

// isOurs reports whether path is in the data folder.
func (v *visit) isOurs(path string) bool {
	return v.DataDir != "" && strings.HasPrefix(path, v.DataDir+string(filepath.Separator))
}
