// Command train makes inspect/model.bin, the linear model that scores text as
// an attack on the assistant, and prints how well it does.
//
//	go run ./scripts/train -data DIR [-docs DIR,DIR] [-seed 1] [-out inspect/model.bin]
//
// DIR holds train.jsonl (learned from) and dev.jsonl (only reported): objects
// with id, text, label (attack or benign), source and origin. The text folder
// beside this file holds what is learned besides: attacks and honest look-alikes
// as templates, in English and some thirty other languages. Every fourth line of
// it is held out, never learned from, and reported by itself.
//
// The folders of -docs hold ordinary documents, by default the Go tree and the
// module cache. Half of them, by folder, serve as benign examples and to set the
// threshold; the figures are from the other half.
//
// The same inputs and seed give the same bytes.
package main

import (
	"flag"
	"fmt"
	"go/build"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/infershield/infershield/inspect"
)

type settings struct {
	data, docs, out, text, misses string
	seed                          uint64
}

func main() {
	log.SetFlags(0)
	var s settings
	modules := filepath.Join(build.Default.GOPATH, "pkg", "mod")
	flag.StringVar(&s.data, "data", "", "folder of train.jsonl and dev.jsonl")
	flag.StringVar(&s.docs, "docs", build.Default.GOROOT+","+modules, "folders of ordinary documents")
	flag.StringVar(&s.out, "out", "inspect/model.bin", "where the model goes")
	flag.StringVar(&s.text, "text", "scripts/train/text", "folder of our own text")
	flag.StringVar(&s.misses, "misses", "", "file for what the model gets wrong, for looking at")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of everything random")
	flag.Parse()
	if s.data == "" {
		log.Print("train: -data is needed")
		flag.Usage()
		os.Exit(2)
	}
	if err := run(s); err != nil {
		log.Fatalf("train: %v", err)
	}
}

func run(s settings) error {
	rng := rand.New(rand.NewPCG(s.seed, 0x1f5))
	set, err := load(s, rng)
	if err != nil {
		return err
	}
	fmt.Printf("learning from %d texts; %d documents to learn from, %d to set the threshold, %d to report\n",
		len(set.train), len(set.docsTrain), len(set.docsCut), len(set.docsReport))
	var fitted [heads]weights
	for head := range heads {
		fitted[head] = fit(set, head, rand.New(rand.NewPCG(s.seed, uint64(head))))
	}
	table := newTable(fitted)
	open, err := inspect.ParseModel(table.encode())
	if err != nil {
		return err
	}
	setCuts(table, open, set)
	data := table.encode()
	model, err := inspect.ParseModel(data)
	if err != nil {
		return err
	}
	report(os.Stdout, model, set)
	if s.misses != "" {
		if err := writeMisses(s.misses, model, set); err != nil {
			return err
		}
	}
	if err := os.WriteFile(s.out, data, 0o644); err != nil {
		return fmt.Errorf("writing the model: %w", err)
	}
	fmt.Printf("wrote %s, %d features\n", s.out, table.kept)
	return nil
}

// load reads and makes everything that is learned from or reported.
func load(s settings, rng *rand.Rand) (*corpus, error) {
	set := new(corpus)
	own, err := readTemplates(s.text)
	if err != nil {
		return nil, err
	}
	rows, err := readRows(filepath.Join(s.data, "train.jsonl"))
	if err != nil {
		return nil, err
	}
	set.train = append(prepare(rows), own.make(rng, rows, false)...)
	set.held = own.make(rng, rows, true)
	if rows, err = readRows(filepath.Join(s.data, "dev.jsonl")); err != nil {
		return nil, err
	}
	set.dev = devSamples(rows)
	return set, set.readDocs(strings.Split(s.docs, ","))
}
