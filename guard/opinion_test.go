package guard_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infershield/infershield/guard"
	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// judge is a second opinion that says the same of everything.
type judge struct {
	score float64
	err   error

	asked    []guard.Question
	outcomes []guard.Outcome
}

func (j *judge) ask(_ context.Context, q guard.Question) (float64, error) {
	j.asked = append(j.asked, q)
	return j.score, j.err
}

func (j *judge) count(o guard.Outcome) {
	j.outcomes = append(j.outcomes, o)
}

// opinionOf is a configuration in which every attack lies in the grey zone of a
// policy that blocks at the threshold.
func opinionOf(j *judge, threshold int, edit func(*guard.SecondOpinion)) func(*guard.Config) {
	return func(c *guard.Config) {
		settings(policy.Settings{Threshold: threshold})(c)
		c.Opinion = guard.SecondOpinion{Ask: j.ask, Count: j.count}
		if edit != nil {
			edit(&c.Opinion)
		}
	}
}

const never = 100 // a threshold that no attack of these tests reaches by itself

func TestSecondOpinion(t *testing.T) {
	below := func(o *guard.SecondOpinion) { o.Below = 1 }
	refuse := func(o *guard.SecondOpinion) { o.OnError = policy.Block }
	fault := errors.New("the judge is ill")
	for _, tt := range []struct {
		name      string
		judge     judge
		threshold int
		edit      func(*guard.SecondOpinion)
		action    string
		outcome   guard.Outcome
	}{
		{"makes a block", judge{score: 1}, never, nil, "block", guard.Raised},
		{"agrees", judge{score: 0.5}, never, nil, "allow", guard.Agreed},
		{"is not asked about a block", judge{score: 0}, 70, nil, "block", ""},
		{"takes a block away where it may", judge{score: 0.1}, 70, below, "allow", guard.Lowered},
		{"keeps a block", judge{score: 0.9}, 70, below, "block", guard.Agreed},
		{"is not asked below the zone", judge{score: 1}, never, func(o *guard.SecondOpinion) { o.From = 1 }, "allow", ""},
		{"fails", judge{err: fault}, never, nil, "allow", guard.Failed},
		{"fails about a block", judge{err: fault}, 70, below, "block", guard.Failed},
		{"must not fail", judge{err: fault}, never, refuse, "block", guard.Failed},
		{"talks nonsense", judge{score: 7}, never, nil, "allow", guard.Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := &tt.judge
			g := newRig(t, opinionOf(j, tt.threshold, tt.edit))
			g.post(chatURL, chatPrompt(attack))
			r := g.record()
			if r.Action != tt.action {
				t.Errorf("%s, risk %d; want %s", r.Action, r.Risk, tt.action)
			}
			var want []guard.Outcome
			if tt.outcome != "" {
				want = []guard.Outcome{tt.outcome}
			}
			if !slices.Equal(j.outcomes, want) {
				t.Errorf("outcomes %v; want %v", j.outcomes, want)
			}
			if failed := slices.Contains(r.Labels, "second_opinion_failed"); failed != (tt.outcome == guard.Failed) {
				t.Errorf("labels %v after %v", r.Labels, tt.outcome)
			}
		})
	}
}

// Nobody is asked about text that no opinion could make policy act on.
func TestSecondOpinionIsAskedForCause(t *testing.T) {
	for name, prompt := range map[string]string{
		"honest":       chatPrompt("What is the tide?"),
		"the operator": asked(attack, "Hello"),
		"a secret":     chatPrompt("My key is " + secret),
	} {
		j := &judge{score: 1}
		g := newRig(t, opinionOf(j, never, nil))
		if g.post(chatURL, prompt); len(j.asked) != 0 {
			t.Errorf("%s: asked %v", name, j.asked)
		}
		g.record()
	}
	j := &judge{score: 1}
	g := newRig(t, func(c *guard.Config) {
		opinionOf(j, never, nil)(c)
		settings(policy.Settings{Mode: policy.ModeWarn})(c)
	})
	if g.post(chatURL, chatPrompt(attack)); len(j.asked) != 0 {
		t.Errorf("mode warn: asked %v", j.asked)
	}
	g.record()
}

// Answers are asked about as well, where they come whole.
func TestSecondOpinionOnAnswers(t *testing.T) {
	j := &judge{score: 1}
	g := newRig(t, opinionOf(j, never, nil))
	if r := g.answered(chatURL, chatPrompt("Go on."), chatAnswer(attack)); r.Action != "block" || len(j.asked) != 1 || j.asked[0].Role != inspect.Model {
		t.Errorf("%s, asked %v; want a block", r.Action, j.asked)
	}
	j = &judge{score: 1}
	g = newRig(t, opinionOf(j, never, nil))
	if r := g.answered(chatURL, chatPrompt("Go on."), streamed(attack)); r.Action != "allow" || len(j.asked) != 0 {
		t.Errorf("streamed: %s, asked %v; want no question", r.Action, j.asked)
	}
}

// What leaves for the judge is short and masked, whatever was cut.
func TestQuestionsAreMasked(t *testing.T) {
	private := secret + " alice.jones@acme-health.com "
	j := &judge{score: 0}
	g := newRig(t, opinionOf(j, never, nil))
	for n := range 120 {
		j.asked = nil
		filler := strings.Repeat("ü", 300) + strings.Repeat(".", n)
		g.post(chatURL, chatPrompt(private+filler+private+attack+" "+private+filler+filler+private))
		g.record()
		if len(j.asked) != 1 {
			t.Fatalf("%d questions; want 1", len(j.asked))
		}
		q := j.asked[0]
		if len(q.Text) > 2<<10 || !strings.Contains(q.Text, attack) || q.Role != inspect.User || q.Score <= 0 {
			t.Fatalf("%+v", q)
		}
		for i := 0; i+12 <= len(secret); i++ {
			if strings.Contains(q.Text, secret[i:i+12]) {
				t.Fatalf("filler of %d: a part of the secret leaves: %q", n, q.Text)
			}
		}
		if strings.Contains(q.Text, "alice") || strings.Contains(q.Text, "acme-health") {
			t.Fatalf("an address leaves: %q", q.Text)
		}
	}
	j = &judge{score: 1}
	g = newRig(t, func(c *guard.Config) {
		opinionOf(j, never, nil)(c)
		c.Masked = func(b []byte) ([]byte, bool) { return []byte("masked"), strings.Contains(string(b), "my own key") }
	})
	if g.post(chatURL, chatPrompt(attack+" my own key")); len(j.asked) != 0 {
		t.Errorf("the server's key leaves: %v", j.asked)
	}
	g.record()
}

// An exchange asks a bounded number of questions and waits a bounded time.
func TestSecondOpinionIsBounded(t *testing.T) {
	j := &judge{score: 0}
	g := newRig(t, opinionOf(j, never, nil))
	filler := strings.Repeat("The tide follows the moon. ", 100)
	g.post(chatURL, chatPrompt(strings.Repeat(attack+filler, 30)))
	if r := g.record(); len(j.asked) != 8 || !slices.Contains(r.Labels, "second_opinion_failed") {
		t.Errorf("%d questions, labels %v; want 8, and a label for the rest", len(j.asked), r.Labels)
	}
	slow := 0
	g = newRig(t, func(c *guard.Config) {
		settings(policy.Settings{Threshold: never})(c)
		c.Opinion = guard.SecondOpinion{Timeout: 1, Ask: func(ctx context.Context, _ guard.Question) (float64, error) {
			slow++
			<-ctx.Done()
			return 1, ctx.Err()
		}}
	})
	g.post(chatURL, chatPrompt(attack+filler+attack))
	if r := g.record(); r.Action != "allow" || slow > 2 {
		t.Errorf("%s after %d late opinions; want allow", r.Action, slow)
	}
}

// No more questions are under way at a time than the judge was said to bear.
func TestSecondOpinionsTakeTurns(t *testing.T) {
	var under, most atomic.Int32
	g := newRig(t, func(c *guard.Config) {
		settings(policy.Settings{Threshold: never})(c)
		c.Opinion = guard.SecondOpinion{AtOnce: 2, Timeout: time.Minute, Ask: func(context.Context, guard.Question) (float64, error) {
			if n := under.Add(1); n > most.Load() {
				most.Store(n)
			}
			runtime.Gosched()
			under.Add(-1)
			return 0, nil
		}}
		c.Next = canned(chatAnswer("Hello."))
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { g.post(chatURL, chatPrompt(attack)) })
	}
	all.Wait()
	if most.Load() > 2 {
		t.Errorf("%d questions at a time; want 2 at most", most.Load())
	}
}
