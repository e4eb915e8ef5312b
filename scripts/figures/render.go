package main

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

//go:embed detection.md.tmpl
var pageTemplate string

// render writes docs/detection.md from the figures and from what the code finds.
func render(root string, f *figures) (string, error) {
	l, err := readLists(root)
	if err != nil {
		return "", err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"share":   share,
		"rules":   func(c string) string { return code(l.rules[inspect.Category(c)]) },
		"count":   func(c string) int { return len(l.rules[inspect.Category(c)]) },
		"views":   func() string { return code(l.views) },
		"percent": func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) },
	}).Parse(pageTemplate)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, page{Figures: f, Languages: l.languages, Threshold: policy.Default().Threshold(), Categories: inspect.Categories()})
	return b.String(), err
}

// page is what the template sees.
type page struct {
	Figures    *figures
	Languages  int
	Threshold  int
	Categories []inspect.Category
}

// PII lists the types, with the worst recall first among those that are measured.
func (p page) PII() []typeRow {
	var rows []typeRow
	for _, rule := range sortedKeys(p.Figures.PII) {
		s := p.Figures.PII[rule]
		rows = append(rows, typeRow{rule, share(s.Hits, s.Hits+s.Misses), share(s.Hits, s.Hits+s.Alarms)})
	}
	return rows
}

type typeRow struct{ Rule, Recall, Precision string }

// PIIAll adds the types up.
func (p page) PIIAll() typeRow {
	var all spot
	for _, s := range p.Figures.PII {
		all.Hits += s.Hits
		all.Misses += s.Misses
		all.Alarms += s.Alarms
	}
	return typeRow{"all", share(all.Hits, all.Hits+all.Misses), share(all.Hits, all.Hits+all.Alarms)}
}

// PIIMissing are the types of the data of which nothing was found.
func (p page) PIIMissing() string {
	var names []string
	for _, rule := range sortedKeys(p.Figures.PII) {
		if s := p.Figures.PII[rule]; s.Hits == 0 && s.Misses > 0 {
			names = append(names, rule)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return code(names)
}

// Ordinary lists what is taken for personal data in ordinary documents.
func (p page) OrdinaryPII() string {
	var parts []string
	o := p.Figures.Ordinary
	for _, rule := range sortedKeys(o.PII) {
		parts = append(parts, fmt.Sprintf("`%s` %.2f", rule, float64(o.PII[rule])*1e6/float64(o.Bytes)))
	}
	return strings.Join(parts, ", ")
}

// Speed pairs our pace with the peer's on the same text.
func (p page) Speed() []speedRow {
	var rows []speedRow
	for _, s := range p.Figures.Speed {
		row := speedRow{Text: fmt.Sprintf("%s, %d KB", s.Text, s.KB), Ours: fmt.Sprintf("%.0f", s.MBs), Theirs: "–", Ratio: "–"}
		if peer := p.Figures.Peer; peer != nil {
			for _, t := range peer.Speed {
				if t.Text == s.Text && t.KB == s.KB && t.MBs > 0 {
					row.Theirs, row.Ratio = fmt.Sprintf("%.2f", t.MBs), fmt.Sprintf("%.1f", s.MBs/t.MBs)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

type speedRow struct{ Text, Ours, Theirs, Ratio string }

// share is n of all, with the number behind it.
func share(n, all int) string {
	if all == 0 {
		return "–"
	}
	percent := 100 * float64(n) / float64(all)
	if percent > 0 && percent < 1 {
		return fmt.Sprintf("%.2f %% (%d of %d)", percent, n, all)
	}
	return fmt.Sprintf("%.1f %% (%d of %d)", percent, n, all)
}

func code(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
