// Command train makes inspect/model.bin, the linear model that scores text as
// an attack on the assistant, and prints how well it does.
//
//	go run ./scripts/train -data DIR [-docs DIR,DIR] [-seed 1] [-folds 4] [-report] [-out inspect/model.bin]
//
// DIR holds train.jsonl (learned from) and dev.jsonl (only reported): objects
// with id, text, label (attack or benign), source and origin. The text folder
// beside this file holds what is learned besides: attacks and honest look-alikes
// as templates, in English and some thirty other languages. To see how the model
// does on lines that it has not met, it is learned four times without a quarter
// of them, and then once with all.
//
// The folders of -docs hold ordinary documents, by default the Go tree and the
// module cache. Half of them, by folder, serve as benign examples and to set the
// threshold; the figures are from the other half.
//
// The unseen folder holds texts that are only reported. -report reports on the
// model that -out names and learns nothing.
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
	data, docs, out, text, unseen, misses string
	seed                                  uint64
	folds                                 int
	report                                bool
}

func main() {
	log.SetFlags(0)
	var s settings
	modules := filepath.Join(build.Default.GOPATH, "pkg", "mod")
	flag.StringVar(&s.data, "data", "", "folder of train.jsonl and dev.jsonl")
	flag.StringVar(&s.docs, "docs", build.Default.GOROOT+","+modules, "folders of ordinary documents")
	flag.StringVar(&s.out, "out", "inspect/model.bin", "where the model goes")
	flag.StringVar(&s.text, "text", "scripts/train/text", "folder of our own text")
	flag.StringVar(&s.unseen, "unseen", "scripts/train/unseen", "folder of our own text that is only reported")
	flag.StringVar(&s.misses, "misses", "", "file for what the model gets wrong, for looking at")
	flag.BoolVar(&s.report, "report", false, "learn nothing; report on the model that -out names")
	flag.IntVar(&s.folds, "folds", folds, "of how many parts of our own text to leave one out")
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
	set, err := load(s)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents to learn from, %d to set the threshold, %d to report\n",
		len(set.docsTrain), len(set.docsCut), len(set.docsReport))
	if s.report {
		return reportOnly(s, set)
	}
	held := tallies{}
	for fold := range min(folds, s.folds) {
		set.deal(fold, s.seed)
		model, _, err := set.model(s.seed)
		if err != nil {
			return err
		}
		held.add(model, set.held)
		fmt.Printf("without part %d of our own text:%s\n", fold+1, ranking(model, set))
		if err := writeMisses(s.misses, fold, model, set); err != nil {
			return err
		}
	}
	fmt.Println("\nour own text, each line scored by a model that has not met it")
	held.print(os.Stdout)
	set.deal(everything, s.seed)
	model, data, err := set.model(s.seed)
	if err != nil {
		return err
	}
	report(os.Stdout, model, set)
	if err := os.WriteFile(s.out, data, 0o644); err != nil {
		return fmt.Errorf("writing the model: %w", err)
	}
	fmt.Printf("wrote %s\n", s.out)
	return writeMisses(s.misses, folds, model, set)
}

// reportOnly reports on a model that there is.
func reportOnly(s settings, set *corpus) error {
	data, err := os.ReadFile(s.out)
	if err != nil {
		return fmt.Errorf("reading the model: %w", err)
	}
	model, err := inspect.ParseModel(data)
	if err != nil {
		return err
	}
	set.deal(everything, s.seed)
	report(os.Stdout, model, set)
	return writeMisses(s.misses, folds, model, set)
}

// load reads everything that is learned from or reported.
func load(s settings) (*corpus, error) {
	set := new(corpus)
	var err error
	if set.own, err = readTemplates(s.text); err != nil {
		return nil, err
	}
	if set.rows, err = readRows(filepath.Join(s.data, "train.jsonl")); err != nil {
		return nil, err
	}
	rows, err := readRows(filepath.Join(s.data, "dev.jsonl"))
	if err != nil {
		return nil, err
	}
	set.dev = devSamples(rows)
	if set.unseen, err = readUnseen(s.unseen); err != nil {
		return nil, err
	}
	return set, set.readDocs(strings.Split(s.docs, ","))
}

// deal makes what is learned from, without the fold's part of our own text.
func (c *corpus) deal(fold int, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, uint64(fold+100)))
	c.train = append(prepare(c.rows), c.own.make(rng, c.rows, fold, false)...)
	c.held = nil
	if fold != everything {
		c.held = c.own.make(rng, c.rows, fold, true)
	}
	c.learned, c.index = nil, nil
	for i := range c.docsTrain {
		c.docsTrain[i].bag = nil
	}
}

// model learns from what was dealt and sets the thresholds.
func (c *corpus) model(seed uint64) (*inspect.LinearModel, []byte, error) {
	gather(c, rand.New(rand.NewPCG(seed, 99)))
	var fitted [heads]weights
	for head := range heads {
		fitted[head] = fit(c, head, rand.New(rand.NewPCG(seed, uint64(head))))
	}
	table := newTable(fitted)
	fmt.Printf("%d features learned, %d of them kept\n", len(c.index), table.kept)
	open, err := inspect.ParseModel(table.encode())
	if err != nil {
		return nil, nil, err
	}
	setCuts(table, open, c)
	data := table.encode()
	model, err := inspect.ParseModel(data)
	return model, data, err
}
