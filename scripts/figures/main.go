// Command figures measures detection and writes docs/detection.md.
//
//	go run ./scripts/figures -data DIR   measures anew, into docs/figures.json
//	go run ./scripts/figures             writes the page from the figures there are
//
// It runs in the repository's root. DIR holds secrets/dev.jsonl, pii/dev.jsonl
// and injection/dev.jsonl: objects a line with text, label, rule or origin.
// Ordinary documents come from the Go tree and the module cache. The peer,
// gitleaks, is a module of its own in scripts/peers; where it cannot run its
// last figures are kept.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
)

const (
	figuresPath = "docs/figures.json"
	pagePath    = "docs/detection.md"
)

func main() {
	log.SetFlags(0)
	data := flag.String("data", "", "folder of labelled texts; without it nothing is measured")
	flag.Parse()
	if err := run(*data); err != nil {
		log.Fatal("figures: ", err)
	}
}

func run(data string) error {
	f, err := readFigures(".")
	if err != nil && data == "" {
		return err
	}
	if data != "" {
		if f, err = measure(data, f); err != nil {
			return err
		}
		raw, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(figuresPath, append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	page, err := render(".", f)
	if err != nil {
		return err
	}
	return os.WriteFile(pagePath, []byte(page), 0o644)
}

// readFigures reads what was measured last.
func readFigures(root string) (*figures, error) {
	raw, err := os.ReadFile(root + "/" + figuresPath)
	if err != nil {
		return nil, err
	}
	f := new(figures)
	if err := json.Unmarshal(raw, f); err != nil {
		return nil, fmt.Errorf("reading %s: %w", figuresPath, err)
	}
	return f, nil
}
