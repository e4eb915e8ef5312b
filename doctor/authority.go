package doctor

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/infershield/infershield/ca"
)

const (
	certBytesMax  = 16 << 20            // of a file of certificates
	expirySoon    = 30 * 24 * time.Hour // every client must be told of a new authority
	groupAndWorld = 0o077
)

// authority is what the data folder holds of it. Nothing is made or changed by
// looking.
type authority struct {
	cert *x509.Certificate // nil where there is none
	err  error             // why cert is nil, other than that there is none
}

func readAuthority(dir string) authority {
	if dir == "" {
		return authority{}
	}
	certs, err := readCerts(filepath.Join(dir, "ca.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return authority{}
	}
	if err != nil {
		return authority{err: err}
	}
	return authority{cert: certs[0]}
}

// fingerprint is as ca.Authority.Fingerprint.
func (a authority) fingerprint() string { return ca.Fingerprint(a.cert) }

// readCerts returns the certificates of a PEM file, at least one.
func readCerts(path string) ([]*x509.Certificate, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(f, certBytesMax))
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil { // others can be odd, and are not ours
			certs = append(certs, cert)
		}
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return certs, nil
}

func authorityKey(_ context.Context, v *visit) []Finding {
	path := filepath.Join(v.DataDir, "ca-key.pem")
	info, err := os.Stat(path)
	switch {
	case v.DataDir == "" || errors.Is(err, fs.ErrNotExist) && v.folder().cert == nil:
		return skipped("There is no authority yet: the first start makes one.")
	case errors.Is(err, fs.ErrNotExist):
		return wrong("The authority's key is missing beside its certificate.", "Restore "+path+", or make a new authority; programs must then trust that one.",
			"rm "+Quote(filepath.Join(v.DataDir, "ca.pem"))+" && "+v.Command("ca show"))
	case errors.Is(err, fs.ErrPermission):
		return skipped("This user cannot look at " + path + "; see data.folder.")
	case err != nil:
		return wrong("The authority's key cannot be looked at.", err.Error(), "ls -l "+Quote(path))
	case info.Mode()&groupAndWorld != 0 && runtime.GOOS != "windows": // where the mode bits say nothing
		return wrong(fmt.Sprintf("The authority's key can be read by others (mode %04o), and will not be used.", info.Mode().Perm()),
			"Who has copied it can speak for "+strings.Join(v.Intercept, ", ")+" to programs that trust it. If that may be so, "+
				v.Command("ca rotate")+" makes another.", "chmod 600 "+Quote(path))
	}
	if f, err := os.Open(path); err != nil {
		return wrong("The authority's key is another user's.", err.Error(), chown(path))
	} else {
		_ = f.Close() // nothing was read
	}
	return ok("The authority's key is its owner's alone.")
}

func authorityExpiry(_ context.Context, v *visit) []Finding {
	a, now := v.folder(), time.Now()
	if a.err != nil {
		return wrong("The authority's certificate cannot be read.", a.err.Error(), "ls -l "+Quote(filepath.Join(v.DataDir, "ca.pem")))
	}
	if a.cert == nil {
		return skipped("There is no authority yet: the first start makes one.")
	}
	left := a.cert.NotAfter.Sub(now)
	days := fmt.Sprintf("%d days", int(left.Hours()/24))
	switch {
	case now.Before(a.cert.NotBefore):
		return wrong("The authority is valid from "+a.cert.NotBefore.Format(time.DateTime)+" UTC on, which is still to come.",
			"It was made when this machine's clock, "+now.UTC().Format(time.DateTime)+" now, stood elsewhere.", setClock())
	case left < 0:
		return wrong("The authority expired on "+a.cert.NotAfter.Format(time.DateTime)+" UTC.",
			"A start makes another, which programs must be told to trust.", v.renew())
	case left < expirySoon:
		return warn("The authority expires in "+days+".", "Programs must be told to trust the next one.", v.Command("ca rotate"))
	}
	return ok("The authority is valid for " + days + ".")
}

// renew replaces an authority that has expired. One that runs must be started
// anew to use it.
func (v *visit) renew() string {
	if v.proxy().ours {
		return v.restart()
	}
	return v.Command("ca show")
}
