package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// demoCell is how wide a column of free text is, in characters.
const demoCell = 38

// print writes the table, and below it what went wrong, if anything did.
func (d *demo) print(w io.Writer, p palette) error {
	rows := [][]string{{"", "the client sent", "the provider saw", "the client saw", "recorded"}}
	for _, r := range d.Steps {
		rows = append(rows, []string{r.Name, shorten(r.Prompt), r.atProvider(), r.atClient(), r.recorded()})
	}
	var b strings.Builder
	b.WriteString("A client, InferShield and a stand-in provider, on this machine alone. Real TLS, by\nCONNECT; all that the client was given is a proxy and a CA to trust.\n\n")
	for i, row := range layOut(rows) {
		if i == 0 {
			b.WriteString("  " + p.dim(strings.Join(row, "  ")) + "\n")
			continue
		}
		r := d.Steps[i-1]
		mark := p.green("✓")
		if len(r.Wrong) > 0 {
			mark = p.red("✗")
		}
		row[0] = p.bold(row[0])
		row[4] = p.outcome(r, row[4])
		b.WriteString(mark + " " + strings.Join(row, "  ") + "\n")
	}
	d.verdict(&b, p)
	_, err := io.WriteString(w, b.String())
	return err
}

// layOut pads every cell but a row's last to the width of its column.
func layOut(rows [][]string) [][]string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i := range row[:len(row)-1] {
			row[i] += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(row[i]))
		}
	}
	return rows
}

// outcome colours the cell of what was recorded.
func (p palette) outcome(r demoResult, cell string) string {
	if r.Record == nil || r.Record.Status == http.StatusUnauthorized {
		return p.dim(cell)
	}
	switch r.Record.Action {
	case "block":
		return p.red(cell)
	case "redact":
		return p.yellow(cell)
	}
	return p.green(cell)
}

func (d *demo) verdict(b *strings.Builder, p palette) {
	b.WriteString("\n")
	if d.OK {
		fmt.Fprintf(b, "%s, in %d ms. Next, with your own programs:\n  infershield run -- CMD\n", p.green("All as it should be"), d.DurationMS)
		return
	}
	for _, r := range d.Steps {
		for _, fault := range r.Wrong {
			fmt.Fprintf(b, "%s %s: %s\n", p.red("wrong:"), r.Name, fault)
		}
	}
}

func (r demoResult) atProvider() string {
	switch {
	case !r.Provider.Reached:
		return "nothing"
	case r.Provider.SeenSHA256 == r.Client.SentSHA256:
		return "the same, to the byte"
	}
	return shorten(r.Provider.Text)
}

func (r demoResult) atClient() string {
	answer := "the answer"
	switch {
	case r.Client.Code != "":
		answer = r.Client.Code
	case r.Client.Events > 0:
		answer = fmt.Sprintf("%d events", r.Client.Events)
	}
	return fmt.Sprintf("%d, %s", r.Client.Status, answer)
}

func (r demoResult) recorded() string {
	if r.Record == nil {
		return "nothing"
	}
	if r.Record.Status == http.StatusUnauthorized {
		return fmt.Sprintf("status %d", r.Record.Status)
	}
	words := append([]string{fmt.Sprintf("%s, risk %d", r.Record.Action, r.Record.Risk)}, r.Record.Labels...)
	return shorten(strings.Join(words, ", "))
}

// shorten cuts a cell at its width.
func shorten(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= demoCell {
		return s
	}
	return string([]rune(s)[:demoCell-1]) + "…"
}
