package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/infershield/infershield/launch"
)

const clientsPage = "../../docs/clients.md"

// The table stands between these in the page.
const (
	tableBegin = "<!-- Written by go test ./cmd/infershield -run TestMatrix -update; change clients_matrix_rows_test.go instead. -->\n"
	tableEnd   = "<!-- End of the table. -->\n"
)

const tableHead = `| client | tried with | comes through | other hosts | what reaches it |
|---|---|---|---|---|
`

// matrixTable is the table of the page, row by row. Clients that are missing
// here keep the row that they have in the page.
type matrixTable struct {
	before, after string // the rest of the page
	old           map[string]string

	mu   sync.Mutex
	rows map[string]string
}

func newMatrixTable(t *testing.T) *matrixTable {
	t.Helper()
	page, err := os.ReadFile(clientsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableBegin)
	table, after, ended := strings.Cut(rest, tableEnd)
	if !ok || !ended {
		t.Fatalf("%s has no place for the table: %q, %q", clientsPage, tableBegin, tableEnd)
	}
	m := &matrixTable{before: before, after: after, old: map[string]string{}, rows: map[string]string{}}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) > 1 {
			m.old[strings.TrimPrefix(cells[0], "| ")] = line
		}
	}
	return m
}

// add notes that a client did what its row says.
func (m *matrixTable) add(row matrixRow, version string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[row.name] = fmt.Sprintf("| %s | %s | %s | %s | %s |\n", row.name, version, row.throughCell(), row.otherCell(), row.by)
}

func (row matrixRow) throughCell() string {
	var through, fails []string
	for _, w := range row.ways {
		if w.fails == "" {
			through = append(through, w.name)
		} else {
			fails = append(fails, w.name)
		}
	}
	cell := strings.Join(through, ", ")
	if len(fails) > 0 {
		cell += "; **not** " + strings.Join(fails, ", ")
	}
	return cell
}

func (row matrixRow) otherCell() string {
	if row.other != "" && row.other != matrixOther {
		return "untouched (" + row.other + ")"
	}
	return "untouched"
}

// check compares the table with the page's, or writes it there. Versions differ
// from machine to machine, and are no reason to fail.
func (m *matrixTable) check(t *testing.T) {
	t.Helper()
	if t.Failed() {
		return
	}
	var table strings.Builder
	table.WriteString(tableHead)
	for _, row := range matrixRows() {
		line, ok := m.rows[row.name]
		switch old := m.old[row.name]; {
		case !ok, !*update && withoutVersion(line) == withoutVersion(old):
			line = old
		}
		table.WriteString(line)
	}
	want := m.before + tableBegin + table.String() + tableEnd + m.after
	if *update {
		if err := os.WriteFile(clientsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(clientsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the clients do; run this test with -update (-want +got):\n%s", clientsPage, diff)
	}
}

func withoutVersion(line string) string {
	cells := strings.Split(line, " | ")
	if len(cells) > 2 {
		cells = slices.Delete(cells, 1, 2)
	}
	return strings.Join(cells, " | ")
}

// TestMatrixNamesVariables holds the last column to what run sets.
func TestMatrixNamesVariables(t *testing.T) {
	known := map[string]bool{}
	for _, v := range launch.Variables() {
		known[v.Name] = true
	}
	for _, row := range matrixRows() {
		for name := range strings.FieldsFuncSeq(row.by, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) }) {
			if strings.Contains(name, "_") && !known[name] {
				t.Errorf("%s: run sets no %s", row.name, name)
			}
		}
	}
}
