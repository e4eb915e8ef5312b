package guard

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/llm"
	"github.com/infershield/infershield/policy"
)

// SecondOpinion is another judge of the texts about which the engine is not
// sure: findings of injection and jailbreak whose score lies in the grey zone.
// What the judge says replaces that score, and policy decides as always. Whole
// texts are asked about, in requests and in answers. Streamed answers are not,
// because they would have to be held back for it; nor is anybody asked where
// policy does not enforce. The zero value asks nobody.
type SecondOpinion struct {
	// Ask returns how sure it is, from 0 to 1, that the text is an attack on
	// the assistant. It must return when its context ends.
	Ask func(context.Context, Question) (float64, error)
	// From is the least score that is asked about. Zero means 0.4.
	From float64
	// Below ends the zone. Zero ends it where policy would block, so that an
	// opinion can add a block and never take one away. Any other value is taken
	// as it is: what policy would block below it, an opinion may let through.
	Below float64
	// Timeout is how long one exchange waits for opinions in all. Zero means
	// half a second.
	Timeout time.Duration
	// OnError is what becomes of a text about which there is no opinion, because
	// the judge fails, is late, or has been asked too much: Allow keeps the
	// engine's score, Block blocks.
	OnError policy.Action
	// AtOnce bounds the questions under way. Zero means 16. Others wait for
	// their turn within Timeout.
	AtOnce int
	// Count is told what came of each question. It may be nil.
	Count func(Outcome)
}

// Question is what leaves for the judge.
type Question struct {
	// Text is the finding and what stands around it, 2 KiB at most, with secrets
	// and personal data masked.
	Text string
	Role inspect.Role
	// Score is the engine's.
	Score float64
}

// Outcome is what came of a question.
type Outcome string

// The outcomes.
const (
	Raised  Outcome = "raised"  // the opinion made policy block
	Lowered Outcome = "lowered" // the opinion made policy let the text through
	Agreed  Outcome = "agreed"  // policy decides as it would have
	Failed  Outcome = "failed"  // there was none, and OnError applied
)

// Outcomes returns every outcome. The caller owns the slice.
func Outcomes() []Outcome { return []Outcome{Raised, Lowered, Agreed, Failed} }

const (
	greyDefault           = 0.4
	opinionTimeoutDefault = 500 * time.Millisecond
	opinionsAtOnceDefault = 16
	// opinionsMax bounds the questions of one exchange.
	opinionsMax = 8
	// opinionAround is how many bytes of text go along on each side.
	opinionAround = 768
	// opinionBytesMax bounds the text of a question.
	opinionBytesMax = 2 << 10
)

// labelNoOpinion marks an exchange in which a question was not answered.
const labelNoOpinion = "second_opinion_failed"

var errOpinion = errors.New("no opinion")

func (o *SecondOpinion) init() {
	o.From = cmp.Or(o.From, greyDefault)
	o.Timeout = cmp.Or(o.Timeout, opinionTimeoutDefault)
	o.AtOnce = cmp.Or(o.AtOnce, opinionsAtOnceDefault)
	if o.Count == nil {
		o.Count = func(Outcome) {}
	}
}

// asking is what an exchange has asked so far.
type asking struct {
	count int
	until time.Time
}

// reconsider asks about the grey findings in seg, strongest first, and puts what
// is answered in place of their scores.
func (x *exchange) reconsider(s policy.Subject, seg *llm.Segment, found []inspect.Finding) {
	o := &x.g.cfg.Opinion
	if o.Ask == nil || x.policy.Mode() != policy.ModeBlock {
		return
	}
	var grey []*inspect.Finding
	for i := range found {
		switch {
		case x.isGrey(s, found[i]):
			grey = append(grey, &found[i])
		case x.blocks(s, found[i]):
			return // whatever anybody says
		}
	}
	if len(grey) == 0 || x.withoutOwnKey(seg.Text) != seg.Text {
		return // the server's key goes to its provider alone
	}
	slices.SortStableFunc(grey, func(a, b *inspect.Finding) int { return cmp.Compare(b.Score, a.Score) })
	for len(grey) > 0 {
		from, to := around(seg.Text, grey[0])
		inside, outside := split(grey, from, to)
		x.ask(s, x.question(seg.Text[from:to], from, s, found, grey[0].Score), inside)
		grey = outside
	}
}

// isGrey reports whether f is to be asked about: its score lies in the zone, and
// another score could change what policy does.
func (x *exchange) isGrey(s policy.Subject, f inspect.Finding) bool {
	o := &x.g.cfg.Opinion
	if f.Category != inspect.Injection && f.Category != inspect.Jailbreak || f.Score < o.From {
		return false
	}
	if o.Below > 0 && f.Score >= o.Below || o.Below == 0 && x.blocks(s, f) {
		return false
	}
	f.Score = 1
	return x.blocks(s, f)
}

func (x *exchange) blocks(s policy.Subject, f inspect.Finding) bool {
	return x.policy.Decide(s, []inspect.Finding{f}).Action == policy.Block
}

// around returns the window on f that a judge gets to see.
func around(text string, f *inspect.Finding) (from, to int) {
	from = max(0, f.Start-opinionAround)
	to = min(len(text), f.End+opinionAround, from+opinionBytesMax)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	return from, to
}

// split parts the findings that begin between from and to, the first of them
// always, from the others.
func split(grey []*inspect.Finding, from, to int) (inside, outside []*inspect.Finding) {
	for i, f := range grey {
		if i == 0 || f.Start >= from && f.End <= to {
			inside = append(inside, f)
			continue
		}
		outside = append(outside, f)
	}
	return inside, outside
}

// question masks the window, which begins at from, for those who are not the
// provider: what is private, and what policy masks.
func (x *exchange) question(window string, from int, s policy.Subject, found []inspect.Finding, score float64) Question {
	moved := make([]inspect.Finding, len(found))
	for i, f := range found {
		f.Start, f.End = f.Start-from, f.End-from
		moved[i] = f
	}
	return Question{Text: x.policy.Excerpt(window, s, moved, opinionBytesMax), Role: s.Role, Score: score}
}

// ask puts q and applies what comes of it to the findings that it is about.
func (x *exchange) ask(s policy.Subject, q Question, about []*inspect.Finding) {
	o := &x.g.cfg.Opinion
	score, err := x.opinion(q)
	if err != nil {
		x.g.cfg.Log.Debug("no second opinion", "id", x.rec.ID, "err", err)
		o.Count(Failed)
		x.note(s.Direction, labelNoOpinion)
		if o.OnError == policy.Block {
			x.verdict = x.verdict.Join(x.policy.Refusal(labelNoOpinion))
		}
		return
	}
	before := x.blocks(s, *about[0])
	for _, f := range about {
		f.Score = score
		f.Features = append([]string{"second_opinion"}, f.Features...)
	}
	switch after := x.blocks(s, *about[0]); {
	case after == before:
		o.Count(Agreed)
	case after:
		o.Count(Raised)
	default:
		o.Count(Lowered)
	}
}

// opinion waits for its turn and for the answer, as long as the exchange may.
func (x *exchange) opinion(q Question) (float64, error) {
	o := &x.g.cfg.Opinion
	if x.asking.count++; x.asking.count > opinionsMax {
		return 0, errOpinion
	}
	if x.asking.until.IsZero() {
		x.asking.until = time.Now().Add(o.Timeout)
	}
	ctx, cancel := context.WithDeadline(x.out.Context(), x.asking.until)
	defer cancel()
	select {
	case x.g.asked <- struct{}{}:
		defer func() { <-x.g.asked }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	score, err := o.Ask(ctx, q)
	if err == nil && (math.IsNaN(score) || score < 0 || score > 1) {
		err = errOpinion
	}
	return score, err
}
