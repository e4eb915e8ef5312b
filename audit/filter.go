package audit

import (
	"time"
)

const (
	limitDefault = 50
	limitMax     = 1000
)

// Filter picks records. Zero fields pick all; words match exactly, and all
// that is set must hold.
type Filter struct {
	ID          string
	IDPrefix    string
	Since       time.Time // records from then on
	Until       time.Time // records before then
	Action      string
	Severity    string
	RiskMin     int
	Label       string // one of the record's
	Category    string // of one of its findings
	Rule        string // of one of its findings
	Host        string
	Endpoint    string
	Model       string
	Agent       string
	Session     string
	Client      string
	Door        string
	KeyMode     string
	StatusClass int // 4 picks 400 to 499
	// Text searches the excerpts: words, "phrases" and prefix*, of three letters
	// or more, all of which must be there. Case does not matter, and no text is
	// an error.
	Text string
	// Before continues a listing: it is the Next of the page before.
	Before Cursor
	// After is for Follow alone: it begins behind the record with this id.
	After string
	// Limit bounds the records returned. For Query zero means 50, and 1000 is
	// the most.
	Limit int
}

// Cursor is a place in the order of records, which is by time and stays as it
// is when records come or go. It fits a number of JavaScript. Zero is before
// the newest.
type Cursor int64

// Page is a part of what a Filter picks, newest first.
type Page struct {
	Records []Record
	Next    Cursor // Before of the next page; zero where this is the last
}

// atBits is how many records of one millisecond have a place of their own.
const atBits = 11

// msMax keeps a place within 53 bits; it is in the year 2109.
const msMax = 1<<(53-atBits) - 1

// at is the lowest place of a time.
func at(t time.Time) int64 { return min(max(t.UnixMilli(), 0), msMax) << atBits }

// facets are the terms that pick by all words of f that must match exactly.
func (f Filter) facets() (terms []string) {
	for _, word := range []struct {
		kind  facetKind
		value string
	}{
		{facetAction, f.Action}, {facetSeverity, f.Severity}, {facetLabel, f.Label}, {facetCategory, f.Category},
		{facetRule, f.Rule}, {facetHost, f.Host}, {facetEndpoint, f.Endpoint}, {facetModel, f.Model},
		{facetAgent, f.Agent}, {facetSession, f.Session}, {facetClient, f.Client}, {facetDoor, f.Door}, {facetKeyMode, f.KeyMode},
	} {
		if word.value != "" {
			terms = append(terms, facet(word.kind, word.value))
		}
	}
	if f.StatusClass > 0 {
		terms = append(terms, statusFacet(f.StatusClass*100))
	}
	if f.RiskMin >= riskStep {
		terms = append(terms, riskFacet(f.RiskMin))
	}
	return terms
}

// picks says what a query says, of one record that is at hand.
func (f Filter) picks(r *Record) bool {
	if f.ID != "" && r.ID != f.ID || !hasPrefix(r.ID, f.IDPrefix) || r.Risk < f.RiskMin {
		return false
	}
	if !f.Since.IsZero() && at(r.Time) < at(f.Since) || !f.Until.IsZero() && at(r.Time) >= at(f.Until) {
		return false
	}
	facets, phrases := f.facets(), parseText(f.Text)
	if len(facets)+len(phrases) == 0 {
		return true
	}
	return newDocument(r).matches(facets, phrases)
}

func hasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }
