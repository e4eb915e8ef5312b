package guard

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infershield/infershield/audit"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// labelFailed marks an exchange whose inspection itself failed.
const labelFailed = "inspection_failed"

// inspect scans every segment of doc, masks in doc what policy masks, and
// joins the verdict to the exchange's.
func (x *exchange) inspect(d policy.Direction, doc *llm.Doc) {
	start := time.Now()
	defer func() { x.rec.InspectUS += time.Since(start).Microseconds() }()
	for _, problem := range doc.Problems() {
		x.noteProblem(d, problem)
	}
	var best *llm.Segment
	var bestFound []inspect.Finding
	segments := doc.Segments()
	for i := range segments {
		seg := segments[i] // as it was read: judge may change the document's
		if seg.Text == "" || seg.Known {
			continue // Known is a word of the wire format, not its author's
		}
		found := x.scan(x.source(&seg, d), &seg)
		if len(found) > 0 {
			if d == policy.Request {
				x.memory.value(seg.Text, found)
			}
			x.reconsider(x.subjectOf(&seg, d), &seg, found)
			x.judge(d, doc, i, found)
		}
		if !seg.Key && (best == nil || moreTelling(d, &seg, best)) {
			best, bestFound = &seg, found
		}
	}
	if d == policy.Request {
		x.memory.keep(doc.Segments())
	}
	if best != nil {
		x.excerpt(d, best, bestFound)
	}
}

// subjectOf is what policy may ask of seg.
func (x *exchange) subjectOf(seg *llm.Segment, d policy.Direction) policy.Subject {
	s := x.subject
	s.Direction, s.Role = d, sourceOf(seg.Role, d).Role
	return s
}

// judge decides about one segment's findings.
func (x *exchange) judge(d policy.Direction, doc *llm.Doc, i int, found []inspect.Finding) {
	seg := &doc.Segments()[i]
	s := x.subjectOf(seg, d)
	v := x.policy.Decide(s, found)
	x.verdict = x.verdict.Join(v)
	x.keepFindings(s, x.plainPath(doc, i, found), found)
	if v.Action == policy.Redact {
		masked := x.policy.Mask(seg.Text, v.Masked)
		if seg.Key {
			masked += "_" + strconv.Itoa(i) // two members may not share a name
		}
		doc.Replace(i, masked)
	}
}

// plainPath is the path of segment i, fit for a record. A path is made of member
// names, and a client may have put a secret into one.
func (x *exchange) plainPath(doc *llm.Doc, i int, found []inspect.Finding) string {
	path := doc.Path(i)
	if seg := &doc.Segments()[i]; seg.Key && slices.ContainsFunc(found, x.policy.Private) {
		x.secretNames = append(x.secretNames, path[strings.LastIndexByte(path, '/')+1:])
	}
	return x.withoutSecretNames(path)
}

func (x *exchange) withoutSecretNames(path string) string {
	for _, name := range x.secretNames {
		path = strings.ReplaceAll(path, name, "[masked]")
	}
	return x.plain(path)
}

func (x *exchange) keepFindings(s policy.Subject, path string, found []inspect.Finding) {
	const findingsMax = 200
	for _, f := range found {
		kept := audit.Finding{
			Rule: f.Rule, Category: string(f.Category), Score: f.Score,
			Direction: s.Direction.String(), Role: s.Role.String(), Path: path,
			Start: f.Start, End: f.End,
		}
		if len(x.rec.Findings) < findingsMax && !slices.Contains(x.rec.Findings, kept) {
			x.rec.Findings = append(x.rec.Findings, kept)
		}
	}
}

// note puts a condition of the exchange itself, such as malformed JSON, into
// the verdict and the record.
func (x *exchange) note(d policy.Direction, rule string) {
	found := []inspect.Finding{{Rule: rule, Category: inspect.Coverage, Score: 1}}
	s := x.subject
	s.Direction = d
	x.verdict = x.verdict.Join(x.policy.Decide(s, found))
	x.keepFindings(s, "", found)
}

// noteProblem labels what was wrong with a document. Two parsers may read such a
// document differently, so everything in it was inspected, and the raw bytes.
func (x *exchange) noteProblem(d policy.Direction, problem string) {
	switch problem {
	case llm.ProblemNotJSON:
		return // plain text is no fault
	case llm.ProblemUTF8, llm.ProblemDuplicate, llm.ProblemTrailing:
		x.note(d, llm.ProblemMalformed)
	}
	x.note(d, problem)
}

// excerpt keeps the beginning of what was said, masked.
func (x *exchange) excerpt(d policy.Direction, seg *llm.Segment, found []inspect.Finding) {
	x.excerptOf(x.subjectOf(seg, d), seg.Text, found)
}

// excerptOf keeps the beginning of a text of s, masked.
func (x *exchange) excerptOf(s policy.Subject, text string, found []inspect.Finding) {
	if x.g.cfg.ExcerptMax < 0 {
		return
	}
	text = x.policy.Excerpt(x.withoutOwnKey(text), s, found, x.g.cfg.ExcerptMax)
	if s.Direction == policy.Request {
		x.rec.PromptExcerpt = text
	} else {
		x.rec.ResponseExcerpt = text
	}
}

// moreTelling chooses the segment for the excerpt: what the user said last, or
// the longest of what the model answered.
func moreTelling(d policy.Direction, a, b *llm.Segment) bool {
	if d == policy.Response {
		spoken := a.Role == llm.Model
		return spoken != (b.Role == llm.Model) && spoken || spoken == (b.Role == llm.Model) && len(a.Text) > len(b.Text)
	}
	return weight(a.Role) >= weight(b.Role)
}

func weight(r llm.Role) int {
	switch r {
	case llm.User:
		return 3
	case llm.Tool:
		return 2
	case llm.System, llm.Model:
		return 1
	}
	return 0
}

// sourceOf says who speaks. Definitions of tools are the operator's; what
// nobody claims is the user's in a request and the model's in an answer.
func sourceOf(r llm.Role, d policy.Direction) inspect.Source {
	switch r {
	case llm.System, llm.Definition:
		return inspect.Source{Role: inspect.System}
	case llm.Tool:
		return inspect.Source{Role: inspect.Tool}
	case llm.Model:
		return inspect.Source{Role: inspect.Model}
	}
	if d == policy.Response {
		return inspect.Source{Role: inspect.Model}
	}
	return inspect.Source{Role: inspect.User}
}

// contained runs an inspection. It reports false, and notes it, when the
// inspection panicked: what happens then is for policy to say.
func (x *exchange) contained(d policy.Direction, f func()) (ok bool) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		ok = false
		// The value may hold content, so only its type is told.
		x.g.cfg.Log.Error("inspection failed", "id", x.rec.ID, "endpoint", x.rec.Endpoint, "direction", d.String(),
			"on_error", x.policy.OnError().String(), "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		if x.g.cfg.OnPanic != nil {
			x.g.cfg.OnPanic()
		}
		x.note(d, labelFailed)
		if x.policy.OnError() == policy.Block {
			x.verdict = x.verdict.Join(x.policy.Refusal(labelFailed))
		}
	}()
	f()
	return true
}
