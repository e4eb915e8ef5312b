// Package inspect finds threats in text: prompt injection, jailbreaks, secrets,
// personal data and exfiltration. It knows nothing of HTTP, of JSON or of what
// will be done about a finding.
//
// # How a text is read
//
// One automaton runs over the text, a byte at a time, and knows every literal
// of every detector. Only where a literal ends, or a run of digits begins, or a
// long run of a byte class is under way, does a detector look closer: its match
// function gets a [window] on the surroundings and reports what it sees.
//
// A whole text and a stream are read by the same machine; Scan is one Write and
// a Close. The machine keeps the stream law (any split gives the findings of
// the whole text) by construction:
//
//   - A match function sees the text through its window alone. A window that is
//     asked for a byte which has not arrived is marked short; whatever the
//     function did is then forgotten, and it runs again when there is more.
//     What it did without asking cannot depend on what is to come.
//   - The candidates of one detector are decided in the order in which their
//     triggers ended, each only after the one before. So what a detector
//     remembers (a try budget, how far to skip, cues that add up) goes through
//     the same steps however the text was cut.
//   - What may be masked is compared with its neighbours only once nothing
//     later can begin before it.
//
// # How to add a family
//
// Write one file with a function that returns a [Detector], add it to Detectors
// in detector.go, and put texts that it must and must not find into
// testdata/<family>.txtar (corpus_test.go says how they are named). Nothing else needs to change, and nothing in the
// tests: they run every corpus whole, cut at random, and against the budget.
//
//	func acme() Detector {
//		return Detector{
//			name:  "acme",
//			masks: masksSecret,   // its findings may be masked
//			ahead: 64,            // how far it looks from the trigger's start
//			triggers: []trigger{{literal: "acme_", left: wordBytes, match: acmeToken}},
//		}
//	}
//
//	func acmeToken(w *window) {
//		end := w.run(w.n, hexBytes, 33)    // 33 is one too many: a longer run is none
//		if end == w.n+32 && !placeholder(w.slice(w.n, end)) {
//			w.take(Secret, "acme_token", 0.95, 0, end)
//		}
//	}
//
// More provider tokens of that shape need only a row in the table of tokens.go,
// more attack phrases a row in phrases_*.go.
//
// Rules for match functions:
//
//   - Pure: nothing but the window. No package state, no clock, no maps ranged.
//   - Cheap refusals first, and as few bytes asked for as will do: a byte asked
//     for beyond the end of a stream holds the text back until it has come.
//   - A finding that may be masked (Secret, PII, Exfiltration) needs its category
//     in masks, and may begin before its trigger only within the trigger's back
//     run. The machine drops one that does not keep to it, in whole texts too, so
//     the corpus test shows the mistake. Say with w.notBefore what is known about
//     its beginning, before asking for more bytes: a stream holds text back from
//     there.
//   - No regular expression, except anchored with \A on w.slice(0, n), n ≤ 512.
//
// To see how a family does on labelled data, which is not in the repository:
//
//	INFERSHIELD_DATA=folder go test -run LabelledData -v ./inspect
//	INFERSHIELD_DATA_SHOW=secrets …   also prints every row it got wrong
//
// Whether a text is an attack on the assistant is for one score to say, that of
// the linear model (model*.go, trained by scripts/train): it reads every text
// that the operator did not write, and every view. Detectors that are scored
// (phrases, markers) hand it their cues as features, and come to less than what
// is blocked by themselves.
//
// Weak signs that mean something only together are cues: w.cue adds them up per
// detector over a few hundred bytes (cues.go). Text in disguise is a view: a
// detector decodes it into w.scratch and hands it to w.nested, which inspects
// it and reports with the span of the original and the chain of views.
//
// # What a stream holds back
//
// Text waits in a stream only where a finding of the categories in Source.Hold
// may begin (hold.go). In answers a secret shows what is none of it: the literal
// that names its kind ("sk-proj-"), the first bytes of a long run. So a word waits
// for the next only when it looks like the beginning of a secret by itself, which
// is one in some hundred deltas of ordinary text (TestHeldSeldom).
//
// # What must not come back
//
// A [Memory] is filled from the request (Instructions with each system text,
// Said with every other, Values with each text and its findings) and put into
// the Source of the answer. The answer is then read for the operator's words by
// recall, beside the automaton and byte by byte; for values in addresses by the
// exfiltration detector; and in the arguments of tool calls (Source.Call) where
// a secret or personal data is found anyway.
package inspect
