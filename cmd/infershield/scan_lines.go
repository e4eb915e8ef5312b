package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/infershield/infershield/inspect"
	"github.com/infershield/infershield/policy"
)

// scanLine is a line of scan --jsonl.
type scanLine struct {
	ID     json.RawMessage `json:"id"`
	Text   *string         `json:"text"`
	Source string          `json:"source"`
}

// scanFault answers a line that cannot be scanned.
type scanFault struct {
	ID    json.RawMessage `json:"id"`
	Error string          `json:"error"`
}

// answer is the output for one line.
type answer struct {
	line   []byte
	failed bool // would be blocked, or could not be scanned
}

// job is a line under way. Its answer comes on a channel of its own, so that
// answers leave in the order of the lines whichever is ready first.
type job struct {
	line   []byte
	number int
	err    error // of reading the line
	answer chan answer
}

// lines is scan --jsonl. It holds a few lines per processor at a time, and
// answers a line at once when no other waits: a program may ask and wait.
func (s *scanner) lines(name string, r io.Reader) (failed bool, err error) {
	workers := runtime.GOMAXPROCS(0)
	todo := make(chan *job)
	order := make(chan *job, 2*workers)
	stop := make(chan struct{})
	for range workers {
		go s.work(todo)
	}
	reading := make(chan error, 1)
	go func() { reading <- s.read(r, todo, order, stop) }()

	failed, err = s.write(order)
	close(stop)
	if err != nil {
		return false, err // the reader may wait for its input for ever
	}
	if err := <-reading; err != nil {
		return failed, fmt.Errorf("reading %s: %w", name, err)
	}
	return failed, nil
}

// read cuts r into lines until it ends, or stop is closed.
func (s *scanner) read(r io.Reader, todo, order chan<- *job, stop <-chan struct{}) error {
	defer close(todo)
	defer close(order)
	in := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(in, s.bytesMax)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errTooLong) {
			return err
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		j := &job{line: line, number: number, err: err, answer: make(chan answer, 1)}
		for _, to := range []chan<- *job{order, todo} {
			select {
			case to <- j:
			case <-stop:
				return nil
			}
		}
	}
}

// readLine returns the next line, in memory of its own. A line longer than
// most bytes is skipped and told as errTooLong.
func readLine(in *bufio.Reader, most int64) ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		part, err := in.ReadSlice('\n')
		if int64(len(line)+len(part)) > most {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(line) > 0 || tooLong), err == nil:
			if tooLong {
				return nil, errTooLong
			}
			return line, nil
		default:
			return nil, err
		}
	}
}

func (s *scanner) work(todo <-chan *job) {
	for j := range todo {
		j.answer <- s.reply(j)
	}
}

// reply scans one line. Its errors never quote the line, which may hold
// anything.
func (s *scanner) reply(j *job) answer {
	if j.err != nil {
		return fault(nil, fmt.Sprintf("line %d: %v", j.number, j.err))
	}
	var l scanLine
	if err := json.Unmarshal(j.line, &l); err != nil {
		return fault(idOf(j.line), fmt.Sprintf("line %d: not an object of id, text and source, the last two of them strings", j.number))
	}
	if l.Text == nil {
		return fault(l.ID, fmt.Sprintf("line %d: has no text", j.number))
	}
	role, err := s.role, error(nil)
	if l.Source != "" {
		role, err = inspect.ParseRole(l.Source)
	}
	if err != nil {
		return fault(l.ID, fmt.Sprintf("line %d: source is none of system, user, tool, model", j.number))
	}
	result, verdict := s.result(role, *l.Text)
	if result.ID = l.ID; l.ID == nil {
		result.ID = json.RawMessage("null")
	}
	return answer{line: jsonLine(result), failed: verdict.Action == policy.Block}
}

// idOf is the id of a line whose other fields are wrong, or nil.
func idOf(line []byte) json.RawMessage {
	var l struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(line, &l) != nil {
		return nil
	}
	return l.ID
}

func fault(id json.RawMessage, message string) answer {
	return answer{line: jsonLine(scanFault{ID: id, Error: message}), failed: true}
}

// jsonLine encodes what cannot fail to be encoded.
func jsonLine(v any) []byte {
	var b bytes.Buffer
	if err := writeJSON(&b, v); err != nil {
		panic(fmt.Sprintf("scan: encoding an answer: %v", err))
	}
	return b.Bytes()
}

// write prints the answers in order and reports whether one of them failed.
func (s *scanner) write(order <-chan *job) (failed bool, err error) {
	w := bufio.NewWriter(s.app.stdout)
	for j := range order {
		a := <-j.answer
		failed = failed || a.failed
		if _, err := w.Write(a.line); err != nil {
			return failed, err
		}
		if len(order) == 0 {
			if err := w.Flush(); err != nil {
				return failed, err
			}
		}
	}
	return failed, w.Flush()
}
