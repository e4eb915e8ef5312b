package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// Personal data and secrets can be recorded, masked and blocked, as a category
// and one type at a time; a single type before its category.
func TestPrivateByCategoryAndByType(t *testing.T) {
	github := finding(inspect.Secret, "github_token", 1)
	for _, tt := range []struct {
		rules string
		found inspect.Finding
		want  policy.Action
	}{
		{"- {when: {category: pii}, action: allow}", card, policy.Allow},
		{"- {when: {category: pii}, action: redact}", card, policy.Redact},
		{"- {when: {category: pii}, action: block, threshold: 30}", card, policy.Block},
		{"- {when: {rule: credit_card}, action: redact}", card, policy.Redact},
		{"- {when: {rule: credit_card}, action: redact}", email, policy.Allow},
		{"- {when: {rule: credit_card}, action: block, threshold: 30}", card, policy.Block},
		{"- {when: {rule: [us_*, credit_card]}, action: block, threshold: 30}", email, policy.Allow},
		{"- {when: {rule: email_address}, action: allow}\n- {when: {category: pii}, action: redact}", email, policy.Allow},
		{"- {when: {rule: email_address}, action: allow}\n- {when: {category: pii}, action: redact}", card, policy.Redact},
		{"- {when: {category: secret}, action: allow}", key, policy.Allow},
		{"- {when: {category: secret}, action: redact}", key, policy.Redact},
		{"- {when: {category: secret}, action: block, threshold: 60}", key, policy.Block},
		{"- {when: {rule: openai_*}, action: block, threshold: 60}\n- {when: {category: secret}, action: redact}", key, policy.Block},
		{"- {when: {rule: openai_*}, action: block, threshold: 60}\n- {when: {category: secret}, action: redact}", github, policy.Redact},
	} {
		p, err := policy.Parse([]byte("version: 1\nrules:\n" + tt.rules + "\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.rules, err)
			continue
		}
		v := p.Decide(policy.Subject{}, []inspect.Finding{tt.found})
		if v.Action != tt.want {
			t.Errorf("%s: %s is %v; want %v", tt.rules, tt.found.Rule, v.Action, tt.want)
		}
		if masked := len(v.Masked) > 0; masked != (tt.want == policy.Redact) {
			t.Errorf("%s: %s masked: %v", tt.rules, tt.found.Rule, masked)
		}
	}
}

// The built-in policy shows how, and what it shows can be used as it stands.
func TestDefaultShowsHowToTreatTypes(t *testing.T) {
	source := string(policy.Default().Source())
	_, example, ok := strings.Cut(source, "  # for example\n")
	example, _, _ = strings.Cut(example, "  - when: {category: pii}\n    action: allow")
	if !ok {
		t.Fatal("default.yaml has no example")
	}
	var rules strings.Builder
	for line := range strings.Lines(example) {
		fmt.Fprintln(&rules, "  "+strings.TrimPrefix(strings.TrimRight(line, "\n"), "  #"))
	}
	p, err := policy.Parse([]byte("version: 1\nrules:\n" + rules.String()))
	if err != nil {
		t.Fatalf("%v:\n%s", err, rules.String())
	}
	for found, want := range map[*inspect.Finding]policy.Action{&card: policy.Redact, &email: policy.Allow} {
		if v := p.Decide(policy.Subject{Direction: policy.Request}, []inspect.Finding{*found}); v.Action != want {
			t.Errorf("%s: %v; want %v", found.Rule, v.Action, want)
		}
	}
	ssn := finding(inspect.PII, "us_ssn", 1)
	if v := p.Decide(policy.Subject{Role: inspect.Tool}, []inspect.Finding{ssn}); v.Action != policy.Block {
		t.Errorf("us_ssn of a tool: %v; want block", v.Action)
	}
}
