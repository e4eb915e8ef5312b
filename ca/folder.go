package ca

import (
	"bytes"
	"cmp"
	"crypto"
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
	"syscall"
	"time"
)

const (
	fileBytesMax = 1 << 20 // of a certificate or key file
	fresh        = ".new"  // ends the names of files that are not yet in place
)

// folder is where the root lives. Files are replaced by renaming, key last, so
// that a crash leaves the old root, or the new certificate in place with its
// key beside it under another name. mend finishes the latter.
type folder struct {
	dir  string
	stop func(step string) // for tests, which end here what would go on; nil does
}

func (f folder) cert() string { return filepath.Join(f.dir, "ca.pem") }
func (f folder) key() string  { return filepath.Join(f.dir, "ca-key.pem") }
func (f folder) link() string { return filepath.Join(f.dir, "ca-link.pem") }

// lock is held for a change of the root, use by those who serve with it and by
// whoever replaces it for other hosts.
func (f folder) lock() string { return filepath.Join(f.dir, "ca.lock") }
func (f folder) use() string  { return filepath.Join(f.dir, "ca.use") }

// opened is a root, how it came to be there, and what gives it up.
type opened struct {
	*pair
	change  Change
	release func()
}

// open returns a root for hosts: the one that is there if it serves. That takes
// no lock and writes nothing, so that a read-only folder does.
func (f folder) open(hosts Hosts, now time.Time) (opened, error) {
	p, loadErr := f.load(now)
	if loadErr == nil && p != nil && p.outdated(hosts, now) == "" {
		return opened{pair: p, release: func() {}}, nil
	}
	unlock, err := acquire(f.lock(), tryLock)
	if err != nil {
		return opened{}, errors.Join(loadErr, err)
	}
	defer unlock()
	p, change, err := f.settle(hosts, now)
	return opened{pair: p, change: change, release: func() {}}, err
}

// hold is open for a process that serves. It shares the use lock before it
// looks; if the root does not serve it lets go, or it would wait for itself.
func (f folder) hold(hosts Hosts, now time.Time) (opened, error) {
	release, err := f.share()
	if err != nil {
		return opened{}, err
	}
	p, loadErr := f.load(now)
	if loadErr == nil && p != nil && p.outdated(hosts, now) == "" {
		return opened{pair: p, release: release}, nil
	}
	release()
	unlock, err := acquire(f.lock(), tryLock)
	if err != nil {
		return opened{}, errors.Join(loadErr, err)
	}
	defer unlock()
	p, change, err := f.settle(hosts, now)
	if err != nil {
		return opened{}, err
	}
	// Nobody replaces the root in between: that takes the lock we have.
	if release, err = f.share(); err != nil {
		return opened{}, err
	}
	return opened{pair: p, change: change, release: release}, nil
}

// share takes the use lock together with others. Where nothing can be written
// nothing needs a lock.
func (f folder) share() (release func(), err error) {
	release, err = acquire(f.use(), tryShared)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return func() {}, nil
	}
	return release, err
}

// settle returns a root for hosts, which it makes if that must be. The caller
// holds the lock.
func (f folder) settle(hosts Hosts, now time.Time) (*pair, Change, error) {
	// Another process may have been at work until now: look again.
	if err := f.mend(); err != nil {
		return nil, Change{}, err
	}
	p, err := f.load(now)
	if err != nil {
		return nil, Change{}, err
	}
	why, sameHosts := "", false
	if p != nil {
		if why = p.outdated(hosts, now); why == "" {
			return p, Change{}, nil
		}
		if !p.isOurs() {
			return nil, Change{}, fmt.Errorf("the CA %s (%s) cannot be used, for %s; it is not replaced because InferShield did not make it: move it and its key away",
				f.cert(), p.cert.Subject, why)
		}
		sameHosts = p.difference(hosts) == ""
	}
	if !sameHosts { // those who serve take over another root for the same hosts
		release, alone, err := tryLock(f.use())
		if err != nil {
			return nil, Change{}, fmt.Errorf("locking the folder of the CA: %w", err)
		}
		if !alone {
			return nil, Change{}, fmt.Errorf("%w, and its authority %s is left alone: %s", ErrInUse, f.cert(), cmp.Or(why, "its file is gone"))
		}
		defer release()
	}
	return f.replace(p, hosts, now, DefaultOverlap, why)
}

// replace puts a new root in place of old, which may be nil.
func (f folder) replace(old *pair, hosts Hosts, now time.Time, overlap time.Duration, why string) (*pair, Change, error) {
	p, err := newRoot(hosts, now)
	if err != nil {
		return nil, Change{}, err
	}
	change := Change{Event: Created}
	if old != nil {
		if p.link, err = old.vouch(p, now, overlap); err != nil {
			return nil, Change{}, err
		}
		change = Change{Event: Reissued, Why: why}
		if change.Old, err = f.archive(old.cert); err != nil {
			return nil, Change{}, err
		}
		if p.link != nil {
			change.Until = p.link.cross.NotAfter
		}
	}
	if err := f.store(p); err != nil {
		return nil, Change{}, fmt.Errorf("storing the CA: %w", err)
	}
	return p, change, nil
}

// store writes all files under other names and then renames them: the
// certificate, which makes the change happen, and the key, which completes it.
func (f folder) store(p *pair) error {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return err
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeFile(f.key()+fresh, key, 0o600); err != nil {
		return err
	}
	f.at("the key is written")
	if p.link != nil {
		if err := writeFile(f.link()+fresh, p.link.encode(), 0o644); err != nil {
			return err
		}
	}
	f.at("the link is written")
	if err := writeFile(f.cert()+fresh, encodeCert(p.cert), 0o644); err != nil {
		return err
	}
	if err := syncFolder(f.dir); err != nil {
		return err
	}
	f.at("the certificate is written")
	if err := os.Rename(f.cert()+fresh, f.cert()); err != nil {
		return err
	}
	f.at("the certificate is in place")
	if err := f.finish(); err != nil || p.link != nil {
		return err
	}
	f.at("the key is in place")
	if err := os.Remove(f.link()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// finish puts what belongs to a certificate that is in place beside it. The key
// comes last: with it the root is whole, and nobody looks for the rest.
func (f folder) finish() error {
	if err := os.Rename(f.link()+fresh, f.link()); errors.Is(err, fs.ErrNotExist) {
		// There is no overlap, or a crash came after this step. What lies there
		// of the root before misleads nobody: loadLink tells.
	} else if err != nil {
		return err
	}
	f.at("the link is in place")
	if err := os.Rename(f.key()+fresh, f.key()); err != nil {
		return err
	}
	return syncFolder(f.dir)
}

func (f folder) at(step string) {
	if f.stop != nil {
		f.stop(step)
	}
}

// mend finishes or forgets what a crash left half done.
func (f folder) mend() error {
	key, err := f.loadKey(f.key() + fresh)
	if err == nil && key != nil {
		if cert, err := f.loadCert(); err == nil && cert != nil && belong(cert, key) {
			if err := f.finish(); err != nil {
				return fmt.Errorf("finishing an interrupted change of the CA: %w", err)
			}
		}
	}
	for _, path := range []string{f.cert() + fresh, f.link() + fresh, f.key() + fresh} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clearing an interrupted change of the CA: %w", err)
		}
	}
	return nil
}

// load returns the root that is in place, or nil if there is none.
func (f folder) load(now time.Time) (*pair, error) {
	cert, err := f.loadCert()
	if err != nil {
		return nil, err
	}
	key, err := f.loadKey(f.key())
	if err != nil {
		return nil, err
	}
	switch {
	case cert == nil && key == nil:
		return nil, nil
	case cert == nil:
		return nil, fmt.Errorf("the CA key %s has no certificate beside it: restore %s, or make a new CA after: rm %s",
			f.key(), f.cert(), shellQuote(f.key()))
	case key == nil:
		return nil, fmt.Errorf("the CA certificate %s has no key beside it: restore %s, or make a new CA after: rm %s",
			f.cert(), f.key(), shellQuote(f.cert()))
	case !belong(cert, key):
		return nil, fmt.Errorf("the CA key %s does not belong to the certificate %s: restore the right one, or make a new CA after: rm %s %s",
			f.key(), f.cert(), shellQuote(f.key()), shellQuote(f.cert()))
	case now.Before(cert.NotBefore):
		return nil, fmt.Errorf("the CA %s is valid from %s on, and this machine's clock says %s: set the clock",
			f.cert(), cert.NotBefore.Format(time.DateTime), now.UTC().Format(time.DateTime))
	}
	return &pair{cert: cert, key: key, link: f.loadLink(cert)}, nil
}

func (f folder) loadCert() (*x509.Certificate, error) {
	block, _, err := readPEM(f.cert())
	if err != nil || block == nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading the CA certificate %s: %w", f.cert(), err)
	}
	if !cert.IsCA {
		return nil, fmt.Errorf("the certificate %s is not a CA's: restore the right one, or make a new CA after: rm %s %s",
			f.cert(), shellQuote(f.key()), shellQuote(f.cert()))
	}
	return cert, nil
}

func (f folder) loadKey(path string) (crypto.Signer, error) {
	block, mode, err := readPEM(path)
	if err != nil || block == nil {
		return nil, err
	}
	if mode&0o077 != 0 && runtime.GOOS != "windows" { // where the mode bits say nothing
		return nil, fmt.Errorf("the CA key %s is open to other users (mode %04o) and was not used; if none of them can have copied it: chmod 600 %s",
			path, mode, shellQuote(path))
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		// The parser's own words may quote the input.
		return nil, fmt.Errorf("the CA key %s is damaged: restore it, or make a new CA after: rm %s %s",
			path, shellQuote(f.key()), shellQuote(f.cert()))
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the CA key %s is a %T, which cannot sign", path, key)
	}
	return signer, nil
}

// readPEM reads the first PEM block of a file and the file's permissions. It
// returns nil if there is no such file.
func readPEM(path string) (*pem.Block, fs.FileMode, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading the CA: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("reading the CA: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(file, fileBytesMax))
	if err != nil {
		return nil, 0, fmt.Errorf("reading the CA: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, 0, fmt.Errorf("%s holds no PEM block: restore it, or move it away", path)
	}
	return block, info.Mode().Perm(), nil
}

// writeFile writes a file that was not there before, and waits for the disk.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, bytes.NewReader(data))
	return errors.Join(err, file.Sync(), file.Close())
}

// syncFolder makes renames in dir outlast a power cut.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // which cannot, and orders renames by itself
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func belong(cert *x509.Certificate, key crypto.Signer) bool {
	public, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}

// shellQuote makes a path one word of a command to paste: a Mac's data folder
// has a space in its name.
func shellQuote(path string) string {
	if !strings.ContainsAny(path, " \t'\"\\$`&|;<>()*?[]#~!") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
