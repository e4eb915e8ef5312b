package inspect

import "fmt"

// Detector is one family of threats: what makes it look closer, and the
// functions that look. Its fields are the package's own; see the package
// comment for how to write one.
type Detector struct {
	// name labels the detector where its budget is spent. Lower-case snake_case.
	name string
	// roles are those whose text it reads; none means all.
	roles []Role
	// scored says that its cues are features of the model's score. What they
	// come to by themselves stays below what policy blocks.
	scored bool
	// masks are those categories of its findings that may be masked, so that a
	// stream must hold back what could still become one.
	masks masks
	// could, where there is one, reports whether a run before a trigger may
	// become a secret, by its beginning; see hold.go.
	could func(run string) bool
	// ahead is how many bytes it may see from a trigger's first byte on.
	ahead int
	// triggers are what makes it look closer.
	triggers []trigger
}

// trigger makes a detector look closer at a place. Exactly one of literal, run
// and stride is set.
type trigger struct {
	// literal triggers where it stands in the text.
	literal string
	// fold ignores the case of ASCII letters in literal.
	fold bool
	// run triggers at the first byte of every run of its bytes.
	run *set
	// stride triggers at every strideBytes-th byte of the text that ends
	// strideBytes bytes of this class. So each run of twice that length, or
	// more, triggers at least once.
	stride *set
	// left are bytes that may not stand right before the trigger.
	left *set
	// back are bytes right before the trigger that a finding may take in, at
	// most backMax of them.
	back    *set
	backMax int
	// shown is how many bytes of the back run a finding shows; see hold.go.
	shown int
	// match looks. It is called for one candidate at a time.
	match func(w *window)

	lane int // set by New
	kind int // set by New: index in backs, or -1 where nothing is held
}

const (
	// behindMax is how many bytes before a trigger a window shows.
	behindMax = 256
	// aheadMax bounds Detector.ahead, and with it what a stream keeps.
	aheadMax = 8 << 10
	// strideBytes is how far apart the places are where stride triggers look.
	strideBytes = 16
)

// Detectors returns every built-in detector, for New. The order means nothing.
func Detectors() []Detector {
	return []Detector{
		tokens(),
		jwt(),
		privateKeys(),
		urlCredentials(),
		namedSecrets(),
		emails(),
		numbers(),
		coins(),
		births(),
		names(),
		streets(),
		injection(),
		markers(),
		letters(),
		hidden(),
		splitSecrets(),
		encoded(),
		percentText(),
		escapes(),
		ciphers(),
		exfiltration(),
		payloads(),
	}
}

// check panics on a detector that cannot work: all are compiled in.
func (d *Detector) check() {
	if d.name == "" || d.ahead <= 0 || d.ahead > aheadMax {
		panic(fmt.Sprintf("inspect: detector %q may look ahead 1 to %d bytes, not %d", d.name, aheadMax, d.ahead))
	}
	for i := range d.triggers {
		t := &d.triggers[i]
		ways := 0
		for _, way := range []bool{t.literal != "", t.run != nil, t.stride != nil} {
			if way {
				ways++
			}
		}
		if ways != 1 || t.match == nil || t.backMax > behindMax || (t.back != nil) != (t.backMax > 0) {
			panic(fmt.Sprintf("inspect: detector %q: trigger %d (%q) is not whole", d.name, i, t.literal))
		}
	}
}
