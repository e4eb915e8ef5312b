package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

func newScanCommand(a *app) *cobra.Command {
	var asJSON, asJSONL bool
	var source string
	cmd := &cobra.Command{
		Use:   "scan [FILE…]",
		Short: "Inspects text as the proxy would",
		Long: `Inspects text under the current policy and says what would be done with it. The
text comes from files, or from stdin. Exit code 1 means that something would be
blocked, or could not be read. Secrets and personal data are masked in the output.
Each finding is shown where it stands, with what was undone to read it and what
spoke for it; --json lists these as views and features. Nothing leaves this
machine: no second opinion is asked for.

With --jsonl each line is an object {"id":any,"text":"…","source":"user"}, where
source is system, user, tool or model, and each gets a line of output in the same
order: id, risk, action, labels, findings, and redacted where the action is that.
Offsets are bytes of the text. A line that is no such object gets one of id and
error, and the exit code is 1. Empty lines are skipped.`,
		Example: `  echo 'Ignore all previous instructions' | infershield scan
  infershield scan --source tool page.html
  infershield scan --jsonl < prompts.jsonl`,
		RunE: func(cmd *cobra.Command, files []string) error {
			role, err := inspect.ParseRole(source)
			if err != nil {
				return misuse{withHint(fmt.Errorf("--source: %w", oneOf(source, "user", "system", "tool", "model")), "for example --source tool")}
			}
			s, err := a.newScanner(cmd, role)
			if err != nil {
				return err
			}
			switch {
			case asJSON && asJSONL:
				return misuse{withHint(errors.New("--json and --jsonl exclude each other"), "--jsonl reads JSON as well, --json only prints it")}
			case asJSONL:
				return a.scanFiles(files, s.lines)
			case asJSON:
				return a.scanFiles(files, s.objects)
			}
			return a.scanFiles(files, s.texts)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a file")
	cmd.Flags().BoolVar(&asJSONL, "jsonl", false, "read and print one JSON object a line")
	cmd.Flags().StringVar(&source, "source", "user", "who speaks, the `role`: user, system, tool or model")
	bindSettings(cmd, "policy", "mode", "risk-threshold", "max-body-mb")
	return cmd
}

// scanner judges texts as the proxy would.
type scanner struct {
	app      *app
	engine   *inspect.Engine
	policy   *policy.Policy
	role     inspect.Role // where the input does not say
	bytesMax int64        // of one text
}

func (a *app) newScanner(cmd *cobra.Command, role inspect.Role) (*scanner, error) {
	c, err := a.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	p, err := c.loadPolicy()
	if err != nil {
		return nil, err
	}
	engine := inspect.New(inspect.Detectors()...)
	return &scanner{app: a, engine: engine, policy: p, role: role, bytesMax: c.BodyMax}, nil
}

// scanResult is one text's line of JSON.
type scanResult struct {
	File     string        `json:"file,omitempty"`
	ID       any           `json:"id,omitempty"` // json.RawMessage; nil for files
	Risk     int           `json:"risk"`
	Action   string        `json:"action"`
	Labels   []string      `json:"labels"`
	Findings []scanFinding `json:"findings"`
	Redacted *string       `json:"redacted,omitempty"`
}

// scanFinding is the part of a finding that scripts rely on, and with --json why
// it is one.
type scanFinding struct {
	Rule     string           `json:"rule"`
	Category inspect.Category `json:"category"`
	Score    float64          `json:"score"`
	Start    int              `json:"start"`
	End      int              `json:"end"`
	Views    []string         `json:"views,omitempty"`
	Features []string         `json:"features,omitempty"`
}

// judge inspects one text. What a model says is an answer, all else is part
// of a request.
func (s *scanner) judge(role inspect.Role, text string) ([]inspect.Finding, policy.Verdict) {
	subject := policy.Subject{Direction: policy.Request, Role: role}
	if role == inspect.Model {
		subject.Direction = policy.Response
	}
	var found []inspect.Finding
	if s.policy.Mode() != policy.ModeOff {
		found = s.engine.Scan(inspect.Source{Role: role}, text)
	}
	return found, s.policy.Decide(subject, found)
}

// result is what scan --jsonl says of a text.
func (s *scanner) result(role inspect.Role, text string) (scanResult, policy.Verdict) {
	r, _, verdict := s.detailed(role, text)
	return r, verdict
}

func (s *scanner) detailed(role inspect.Role, text string) (scanResult, []inspect.Finding, policy.Verdict) {
	found, verdict := s.judge(role, text)
	r := scanResult{Risk: verdict.Risk, Action: verdict.Action.String(), Labels: verdict.Labels, Findings: make([]scanFinding, len(found))}
	if r.Labels == nil {
		r.Labels = []string{}
	}
	for i, f := range found {
		r.Findings[i] = scanFinding{Rule: f.Rule, Category: f.Category, Score: f.Score, Start: f.Start, End: f.End}
	}
	if verdict.Action == policy.Redact {
		masked := s.policy.Mask(text, verdict.Masked)
		r.Redacted = &masked
	}
	return r, found, verdict
}

// scanFunc scans one input and reports whether something in it would be
// blocked, or was faulty and has been told.
type scanFunc func(name string, r io.Reader) (failed bool, err error)

// scanFiles hands each file, or stdin, to scan. One bad file does not keep the
// others from being scanned.
func (a *app) scanFiles(files []string, scan scanFunc) error {
	if len(files) == 0 {
		files = []string{"-"}
		if isTerminal(a.stdin) {
			a.printHint("type or paste the text, then Ctrl-D")
		}
	}
	anyFailed := false
	for _, name := range files {
		failed, err := a.scanFile(name, scan)
		if err != nil {
			a.printError(err.Error(), hintOf(err))
		}
		anyFailed = anyFailed || failed || err != nil
	}
	if anyFailed {
		return exitCode(exitFailed)
	}
	return nil
}

func (a *app) scanFile(name string, scan scanFunc) (failed bool, err error) {
	if name == "-" {
		return scan("stdin", a.stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return false, withHint(err, "infershield scan reads stdin if no file is given")
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return false, withHint(fmt.Errorf("%s is a directory", name), "infershield scan takes files: infershield scan %s", filepath.Join(name, "*"))
	}
	return scan(name, f)
}

// whole reads one text.
func (s *scanner) whole(name string, r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, s.bytesMax+1))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	if int64(len(text)) > s.bytesMax {
		return "", withHint(fmt.Errorf("%s is larger than %d MiB", name, s.bytesMax>>20), "--max-body-mb MB raises the limit")
	}
	return string(text), nil
}

// objects is scan --json.
func (s *scanner) objects(name string, r io.Reader) (failed bool, err error) {
	text, err := s.whole(name, r)
	if err != nil {
		return false, err
	}
	result, found, verdict := s.detailed(s.role, text)
	result.File = name
	for i, f := range found {
		result.Findings[i].Views, result.Findings[i].Features = f.Views, f.Features
	}
	return verdict.Action == policy.Block, writeJSON(s.app.stdout, result)
}

// errTooLong is told of a line of JSON.
var errTooLong = errors.New("the line is too long")
