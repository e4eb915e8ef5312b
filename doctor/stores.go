package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/infershield/infershield/ca"
)

// anchor is a root of InferShield's, of any folder or version, in a store.
type anchor struct {
	ca.Found
	store ca.Store
}

// anchors are those in all stores.
type anchors struct {
	all    []anchor
	unread []string // stores that could not be read, and why
}

func (v *visit) readStores(ctx context.Context) (a anchors) {
	for _, store := range v.Stores {
		found, err := store.Find(ctx)
		if err != nil {
			why := err.Error()
			if store.Needs != "" {
				why = "it takes " + store.Needs
			}
			a.unread = append(a.unread, store.Name+": "+why)
		}
		for _, f := range found {
			a.all = append(a.all, anchor{f, store})
		}
	}
	return a
}

// remove is the command that takes a root out of the stores.
func (v *visit) remove(a anchor) string {
	command := v.Command("ca uninstall") + " --fingerprint " + a.Fingerprint()
	if errors.Is(a.store.Writable(), fs.ErrPermission) {
		return "sudo " + v.findable(command)
	}
	return command
}

// authorityLeaked looks for roots that anybody, or a program long gone, can use
// against this machine's users for every host.
func authorityLeaked(_ context.Context, v *visit) []Finding {
	if len(v.Stores) == 0 {
		return skipped("No trust store was found.")
	}
	found := v.found()
	for _, a := range found.all {
		if a.Origin == ca.Leaked {
			return wrong(fmt.Sprintf("%s trusts %s, whose private key is public.", a.store.Name, a.Name),
				"It came with the Node.js InferShield, whose repository holds the key: anybody can speak for every host to this machine's users.", v.remove(a))
		}
	}
	for _, a := range found.all {
		if a.Origin == ca.Original {
			return warn(fmt.Sprintf("%s trusts %s, an authority of the Node.js InferShield.", a.store.Name, a.Name),
				"It may speak for every host, where today's may for those that are intercepted alone.", v.remove(a))
		}
	}
	f := Finding{State: OK, Summary: "No store trusts an authority of the Node.js InferShield."}
	if len(found.unread) > 0 {
		f.Summary = "No store that can be read trusts an authority of the Node.js InferShield."
		f.Detail = "Not read: " + strings.Join(found.unread, "; ")
	}
	return one(f)
}

// oldInStores looks for roots of ours that are not today's.
func (v *visit) oldInStores() []Finding {
	now, known := v.folder().cert, v.accepted()
	for _, a := range v.found().all {
		if a.Origin != ca.Ours || slices.Contains(known, a.Fingerprint()) {
			continue
		}
		cert, err := x509.ParseCertificate(a.DER)
		if err == nil && twinOf(now, []*x509.Certificate{cert}) != nil {
			return wrong("An old authority of the same name is in "+a.store.Name+".", a.store.Path+" holds it. OpenSSL may try it and give up.", v.remove(a))
		}
		return warn("An authority of InferShield's that is not the one of today is in "+a.store.Name+".",
			a.Name+" was replaced, or is another folder's.", v.remove(a))
	}
	return ok("No earlier authority is in a store or in the files that variables name.")
}

// accepted are the fingerprints of the authority of today and of the one before
// while its overlap lasts.
func (v *visit) accepted() []string {
	fingerprints := []string{v.current()}
	if v.DataDir == "" {
		return fingerprints
	}
	known, err := ca.Generations(v.DataDir)
	if err != nil {
		return fingerprints
	}
	for _, g := range known {
		if _, trusted := v.proxy().trustedBy([]*x509.Certificate{g.Cert}, v.check); g.Current || trusted {
			fingerprints = append(fingerprints, ca.Fingerprint(g.Cert))
		}
	}
	return fingerprints
}

// authorityStores says which stores trust the authority of today. None has to:
// the settings of this shell do without.
func authorityStores(ctx context.Context, v *visit) []Finding {
	cert := v.folder().cert
	if cert == nil {
		return skipped("There is no authority yet: the first start makes one.")
	}
	var with, without []string
	for _, store := range v.Stores {
		has, err := store.Has(ctx, cert.Raw)
		switch {
		case err != nil:
			continue // it cannot be read, for want of a tool or a right
		case has:
			with = append(with, store.Name)
		default:
			without = append(without, store.Name)
		}
	}
	trusted := "No store trusts the authority"
	if len(with) > 0 {
		trusted = "The authority is trusted by " + strings.Join(with, ", ")
	}
	if len(without) == 0 {
		return ok(trusted + ".")
	}
	return one(Finding{State: Skipped, Summary: trusted + "; not by " + strings.Join(without, ", ") + ".",
		Detail: "What is started from this shell does without. For browsers and all else: " + v.Command("ca install")})
}
