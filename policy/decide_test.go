package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

func finding(category inspect.Category, rule string, score float64) inspect.Finding {
	return inspect.Finding{Category: category, Rule: rule, Score: score, Start: 0, End: 10}
}

var (
	override = finding(inspect.Injection, "instruction_override", 0.9)
	persona  = finding(inspect.Jailbreak, "persona", 0.85)
	key      = finding(inspect.Secret, "openai_api_key", 1)
	email    = finding(inspect.PII, "email_address", 1)
	card     = finding(inspect.PII, "credit_card", 1)
	link     = finding(inspect.Exfiltration, "markdown_image", 0.95)
	leaked   = finding(inspect.Leak, "system_prompt", 0.8)
	sql      = finding(inspect.Code, "sql_injection", 0.5)
	hidden   = finding(inspect.Evasion, "zero_width", 1)
	broken   = finding(inspect.Coverage, "malformed_json", 1)
)

// Every sentence of the default policy, and what follows from it.
func TestDefault(t *testing.T) {
	request := policy.Subject{Direction: policy.Request}
	answer := policy.Subject{Direction: policy.Response, Role: inspect.Model}
	said := func(role inspect.Role) policy.Subject { return policy.Subject{Role: role} }
	scored := func(f inspect.Finding, score float64) inspect.Finding {
		f.Score = score
		return f
	}
	tests := []struct {
		name    string
		subject policy.Subject
		found   []inspect.Finding
		action  policy.Action
		risk    int
		labels  string
	}{
		{"nothing found", request, nil, policy.Allow, 0, ""},
		{"injection is blocked", request, []inspect.Finding{override}, policy.Block, 90, "injection instruction_override"},
		{"jailbreak is blocked", request, []inspect.Finding{persona}, policy.Block, 85, "jailbreak persona"},
		{"from the threshold up", request, []inspect.Finding{scored(override, 0.7)}, policy.Block, 70, "injection instruction_override"},
		{"and not below it", request, []inspect.Finding{scored(override, 0.6999)}, policy.Allow, 69, "injection instruction_override"},
		{"nor by many weak findings", request,
			[]inspect.Finding{scored(override, 0.69), finding(inspect.Injection, "b", 0.69), finding(inspect.Injection, "c", 0.69)},
			policy.Allow, 69, "injection b c instruction_override"},
		{"guesses do not count", request, []inspect.Finding{scored(override, 0.29)}, policy.Allow, 0, ""},
		{"injection in tool text is blocked", said(inspect.Tool), []inspect.Finding{override}, policy.Block, 90, "injection instruction_override"},
		{"in the assistant's history it is not", said(inspect.Model), []inspect.Finding{override, persona}, policy.Allow, 69,
			"injection instruction_override jailbreak persona"},
		{"nor in the operator's text", said(inspect.System), []inspect.Finding{override}, policy.Allow, 69, "injection instruction_override"},
		{"a secret is masked", request, []inspect.Finding{key}, policy.Redact, 65, "secret openai_api_key"},
		{"in history too", said(inspect.Model), []inspect.Finding{key}, policy.Redact, 65, "secret openai_api_key"},
		{"however uncertain", request, []inspect.Finding{scored(key, 0.3)}, policy.Redact, 19, "secret openai_api_key"},
		{"an e-mail address is recorded", request, []inspect.Finding{email}, policy.Allow, 35, "pii email_address"},
		{"personal data never blocks", request, []inspect.Finding{email, card, email}, policy.Allow, 35, "pii credit_card email_address"},
		{"code is recorded", request, []inspect.Finding{sql}, policy.Allow, 25, "code sql_injection"},
		{"hidden characters are recorded", request, []inspect.Finding{hidden}, policy.Allow, 60, "evasion zero_width"},
		{"a structural label stands alone", request, []inspect.Finding{broken}, policy.Allow, 30, "malformed_json"},
		{"exfiltration in a request is recorded", request, []inspect.Finding{link}, policy.Allow, 69, "exfiltration markdown_image"},
		{"block beats redact, labels in category order", request, []inspect.Finding{broken, key, override}, policy.Block, 90,
			"injection instruction_override secret openai_api_key malformed_json"},

		{"a secret in an answer is masked", answer, []inspect.Finding{key}, policy.Redact, 65, "secret openai_api_key"},
		{"exfiltration in an answer is blocked", answer, []inspect.Finding{link}, policy.Block, 95, "exfiltration markdown_image"},
		{"so is a leak", answer, []inspect.Finding{leaked}, policy.Block, 80, "leak system_prompt"},
		{"so is a planted instruction", answer, []inspect.Finding{override}, policy.Block, 90, "injection instruction_override"},
		{"from the threshold up", answer, []inspect.Finding{scored(leaked, 0.65)}, policy.Allow, 65, "leak system_prompt"},
		{"personal data in an answer is recorded", answer, []inspect.Finding{card}, policy.Allow, 35, "pii credit_card"},
		{"a jailbreak in an answer is recorded", answer, []inspect.Finding{persona}, policy.Allow, 69, "jailbreak persona"},
	}
	p := policy.Default()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := p.Decide(tt.subject, tt.found)
			if v.Action != tt.action || v.Would != tt.action {
				t.Errorf("action %v, would %v; want %v", v.Action, v.Would, tt.action)
			}
			if v.Risk != tt.risk {
				t.Errorf("risk %v; want %v", v.Risk, tt.risk)
			}
			if got := strings.Join(v.Labels, " "); got != tt.labels {
				t.Errorf("labels %q; want %q", got, tt.labels)
			}
			for _, f := range tt.found {
				if masked := slices.ContainsFunc(v.Masked, func(m inspect.Finding) bool { return m.Rule == f.Rule }); masked != (f.Category == inspect.Secret) {
					t.Errorf("masks %s: %v", f.Rule, masked)
				}
			}
		})
	}
}

func TestModes(t *testing.T) {
	found := []inspect.Finding{override, key}
	block := policy.Default().Decide(policy.Subject{}, found)

	warn := policy.Default().With(policy.Settings{Mode: policy.ModeWarn})
	v := warn.Decide(policy.Subject{}, found)
	if v.Action != policy.Allow || v.Would != policy.Block || len(v.Masked) != 0 {
		t.Errorf("warn: action %v, would %v, %d masked; want allow, block, 0", v.Action, v.Would, len(v.Masked))
	}
	if v.Risk != block.Risk || !slices.Equal(v.Labels, block.Labels) {
		t.Errorf("warn: risk %v, labels %v; want those of block: %v, %v", v.Risk, v.Labels, block.Risk, block.Labels)
	}
	if warn.CanAct(policy.Subject{}) || warn.OnError() != policy.Allow || warn.Unscannable(policy.TooLarge) != policy.Flag {
		t.Error("warn acts on an exchange")
	}

	off := policy.Default().With(policy.Settings{Mode: policy.ModeOff})
	if v := off.Decide(policy.Subject{}, found); v.Risk != 0 || len(v.Labels) != 0 || v.Action != policy.Allow {
		t.Errorf("off: got %+v; want nothing", v)
	}
	if off.CanAct(policy.Subject{}) || off.Unscannable(policy.TooLarge) != policy.Pass {
		t.Error("off acts on an exchange")
	}
}

func TestSettings(t *testing.T) {
	p := policy.Default()
	strict := p.With(policy.Settings{Threshold: 40})
	weak := []inspect.Finding{finding(inspect.Injection, "instruction_override", 0.5)}
	if v := strict.Decide(policy.Subject{}, weak); v.Action != policy.Block {
		t.Errorf("risk 50 at threshold 40: %v; want block", v.Action)
	}
	if v := p.Decide(policy.Subject{}, weak); v.Action != policy.Allow {
		t.Errorf("With changed the policy it was called on: %v; want allow", v.Action)
	}
	if p.Version() == strict.Version() || p.Version() != policy.Default().Version() {
		t.Errorf("versions %s, %s: want the same for the same policy, another for another", p.Version(), strict.Version())
	}
	if same := p.With(policy.Settings{}); same.Version() != p.Version() {
		t.Error("empty settings changed the policy")
	}
	if v := strict.Decide(policy.Subject{}, []inspect.Finding{key}); v.Action != policy.Redact || v.Risk != 39 {
		t.Errorf("a secret at threshold 40: %v, risk %d; want redact and a risk below the threshold", v.Action, v.Risk)
	}
}

func TestRules(t *testing.T) {
	p, err := policy.Parse([]byte(`
version: 1
rules:
  - when: {model: "gpt-4*", agent: [ci-*, cron], host: API.openai.com, endpoint: chat.completions}
    action: allow
  - when: {rule: openai_*}
    action: redact
  - when: {category: pii, role: tool}
    action: block
    threshold: 20
  - when: {category: injection}
    action: block
    threshold: 95
`))
	if err != nil {
		t.Fatal(err)
	}
	trusted := policy.Subject{Model: "gpt-4.1-mini", Agent: "ci-7", Host: "api.openai.com", Endpoint: "chat.completions"}
	tests := []struct {
		name    string
		subject policy.Subject
		found   inspect.Finding
		action  policy.Action
		risk    int
	}{
		{"first match wins", trusted, key, policy.Allow, 65},
		{"every condition must hold", policy.Subject{Model: "gpt-4.1-mini"}, key, policy.Redact, 65},
		{"a rule by name", policy.Subject{}, key, policy.Redact, 65},
		{"which others do not fit", policy.Subject{}, finding(inspect.Secret, "aws_openai_", 1), policy.Allow, 65},
		{"own lower threshold lifts the risk", policy.Subject{Role: inspect.Tool}, email, policy.Block, 70},
		{"own higher threshold holds it down", policy.Subject{}, override, policy.Allow, 69},
		{"without a rule it is recorded", policy.Subject{}, persona, policy.Allow, 69},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := p.Decide(tt.subject, []inspect.Finding{tt.found})
			if v.Action != tt.action || v.Risk != tt.risk {
				t.Errorf("got %v, risk %d; want %v, risk %d", v.Action, v.Risk, tt.action, tt.risk)
			}
		})
	}
}

func TestCanAct(t *testing.T) {
	p, err := policy.Parse([]byte(`
version: 1
rules:
  - {when: {direction: request, category: secret}, action: redact}
  - {when: {direction: response, model: careful, category: leak}, action: block}
  - {action: allow}
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		subject policy.Subject
		want    bool
	}{
		{policy.Subject{Direction: policy.Request}, true},
		{policy.Subject{Direction: policy.Response, Model: "careful"}, true},
		{policy.Subject{Direction: policy.Response, Model: "other"}, false},
	}
	for _, tt := range tests {
		if got := p.CanAct(tt.subject); got != tt.want {
			t.Errorf("CanAct(%+v) = %v; want %v", tt.subject, got, tt.want)
		}
	}
}

var someFindings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) inspect.Finding {
	return inspect.Finding{
		Category: rapid.SampledFrom(append(inspect.Categories(), "unheard_of")).Draw(t, "category"),
		Rule:     rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "rule"),
		Score:    rapid.Float64Range(0, 1.1).Draw(t, "score"),
	}
}), 0, 12)

// The law that makes streams and segments add up: the verdict on the parts is
// the verdict on the whole, in any order.
func TestJoinIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policy.Default().With(policy.Settings{
			Mode:      rapid.SampledFrom([]policy.Mode{policy.ModeBlock, policy.ModeWarn}).Draw(t, "mode"),
			Threshold: rapid.IntRange(1, 100).Draw(t, "threshold"),
		})
		s := policy.Subject{Direction: rapid.SampledFrom([]policy.Direction{policy.Request, policy.Response}).Draw(t, "direction")}
		all := someFindings.Draw(t, "found")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		first, second := p.Decide(s, all[:cut]), p.Decide(s, all[cut:])
		whole := visible(p.Decide(s, all))
		if diff := cmp.Diff(whole, visible(first.Join(second))); diff != "" {
			t.Fatalf("joined differs from whole (-whole +joined):\n%s", diff)
		}
		if diff := cmp.Diff(whole, visible(second.Join(first))); diff != "" {
			t.Fatalf("the order matters (-whole +joined):\n%s", diff)
		}
		if blocks := whole.Would == policy.Block; blocks != (whole.Risk >= p.Threshold()) {
			t.Fatalf("would %v at risk %d, threshold %d", whole.Would, whole.Risk, p.Threshold())
		}
		if whole.Risk < 0 || whole.Risk > 100 {
			t.Fatalf("risk %d", whole.Risk)
		}
	})
}

type outside struct {
	Action, Would policy.Action
	Risk          int
	Labels        []string
}

func visible(v policy.Verdict) outside { return outside{v.Action, v.Would, v.Risk, v.Labels} }

func TestJoinLeavesItsPartsAlone(t *testing.T) {
	p := policy.Default()
	v := p.Decide(policy.Subject{}, []inspect.Finding{override})
	before := visible(v)
	v.Join(p.Decide(policy.Subject{}, []inspect.Finding{finding(inspect.Injection, "zz", 1)}))
	v.Join(p.Decide(policy.Subject{}, []inspect.Finding{finding(inspect.Injection, "aa", 1)}))
	if diff := cmp.Diff(before, visible(v)); diff != "" {
		t.Errorf("Join changed its receiver (-before +after):\n%s", diff)
	}
}

func TestSeverity(t *testing.T) {
	for risk, want := range map[int]string{0: "low", 39: "low", 40: "medium", 69: "medium", 70: "high", 89: "high", 90: "critical", 100: "critical"} {
		if got := policy.Severity(risk); got != want {
			t.Errorf("Severity(%d) = %s; want %s", risk, got, want)
		}
	}
}

func TestCleanAllocatesNothing(t *testing.T) {
	p, s := policy.Default(), policy.Subject{Host: "api.openai.com", Model: "gpt-4.1"}
	if n := testing.AllocsPerRun(100, func() { p.Decide(s, nil); p.CanAct(s) }); n != 0 {
		t.Errorf("%v allocations for a clean text; want 0", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	p, s := policy.Default(), policy.Subject{Host: "api.openai.com", Model: "gpt-4.1"}
	for _, bb := range []struct {
		name  string
		found []inspect.Finding
	}{{"clean", nil}, {"five findings", []inspect.Finding{override, key, email, card, broken}}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(s, bb.found)
			}
		})
	}
}

func TestRefusalAgreesWithItself(t *testing.T) {
	p := policy.Default().With(policy.Settings{Threshold: 55})
	noted := p.Decide(policy.Subject{}, []inspect.Finding{{Rule: "too_large", Category: inspect.Coverage, Score: 1}})
	for _, v := range []policy.Verdict{p.Refusal("too_large"), noted.Join(p.Refusal("too_large"))} {
		if v.Action != policy.Block || v.Would != policy.Block || v.Risk != 55 || !slices.Equal(v.Labels, []string{"too_large"}) {
			t.Errorf("got %+v; want a block at the threshold", v)
		}
	}
}

func TestMasks(t *testing.T) {
	all := []inspect.Category{inspect.Secret, inspect.PII, inspect.Exfiltration}
	answer := policy.Subject{Direction: policy.Response, Role: inspect.Model}
	for _, tt := range []struct {
		source string
		want   []inspect.Category
	}{
		{"version: 1\nrules: [{when: {category: secret}, action: redact}, {when: {category: exfiltration}, action: block}]", []inspect.Category{inspect.Secret}},
		{"version: 1\nrules: [{when: {rule: email_address}, action: redact}]", all},
		{"version: 1\nrules: [{when: {category: pii, direction: request}, action: redact}]", nil},
		{"version: 1\nmode: warn\nrules: [{when: {category: secret}, action: redact}]", nil},
	} {
		p, err := policy.Parse([]byte(tt.source))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Masks(answer, all...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v; want %v", tt.source, got, tt.want)
		}
	}
}

// TestBlockBelowItsThreshold: a rule that blocks, and does not, leaves the
// finding to the rules after it.
func TestBlockBelowItsThreshold(t *testing.T) {
	p, err := policy.Parse([]byte("version: 1\nrules: [{when: {rule: private_key}, action: block}, {when: {category: secret}, action: redact}]"))
	if err != nil {
		t.Fatal(err)
	}
	f := inspect.Finding{Rule: "private_key", Category: inspect.Secret, Score: 1, End: 9}
	if v := p.Decide(policy.Subject{}, []inspect.Finding{f}); v.Action != policy.Redact || v.Risk >= p.Threshold() {
		t.Errorf("got %+v; want it masked", v)
	}
}
