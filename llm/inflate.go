package llm

import (
	"errors"
	"slices"
)

// errInflate is data that is not DEFLATE (RFC 1951).
var errInflate = errors.New("not valid DEFLATE data")

// errInflateMax is more output than the caller allows.
var errInflateMax = errors.New("inflated data is over the limit")

// errMore says that what has come is not enough for the next step.
var errMore = errors.New("more input is needed")

const (
	historyBytes = 32 << 10
	historySlack = 8 << 10 // history is moved no more often than this
	literalsMax  = 286
	distancesMax = 30
)

// inflater decodes DEFLATE as it is pushed in. The library's decoders pull, and
// so can neither stop where input ends nor say where a block does; both are
// what reading somebody else's stream and writing into it takes.
type inflater struct {
	// endless goes on after a final block at the next byte, as the messages
	// of RFC 7692 do.
	endless bool

	in  []byte // not yet read
	pos int    // how much of in was taken into acc
	acc uint64 // bits taken, the next lowest
	n   uint   // how many
	fed int64  // bytes written in all

	buf   []byte // what was decoded, the history first
	fresh int    // where in buf the history ends
	out   int64  // bytes decoded in all

	state    inflateState // of the block under way
	final    bool
	began    int64    // what out was when it began
	flushed  bool     // the last block was empty
	stored   int      // bytes left of a stored block
	literal  *huffman // of the block under way: own or fixedCodes
	distance *huffman
	own      *blockCodes // nil before the first block that brings its codes
	lengths  [literalsMax + distancesMax]byte

	marks []blockMark // passed during the last write
}

// blockMark is a point between two blocks, where another encoder may go on:
// behind so many bytes and bits of input, and bytes of output.
type blockMark struct {
	in   int64
	bits uint
	out  int64
}

type inflateState uint8

const (
	inflateHeader inflateState = iota
	inflateStored
	inflateCodes
	inflateDone
)

// write decodes p as far as it goes and stops after the limit: at most 258 bytes
// more are decoded. What was decoded is in fresh().
func (z *inflater) write(p []byte, limit int) error {
	z.in = append(slices.Delete(z.in, 0, z.pos), p...)
	z.pos = 0
	z.fed += int64(len(p))
	z.marks = z.marks[:0]
	for {
		if len(z.buf)-z.fresh > limit {
			return errInflateMax
		}
		if err := z.step(limit); errors.Is(err, errMore) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// take returns what was decoded since the last take. It is valid until the next
// write.
func (z *inflater) take() []byte {
	out := z.buf[z.fresh:]
	z.fresh = len(z.buf)
	return out
}

// trim drops history that no distance reaches.
func (z *inflater) trim() {
	if z.fresh > historyBytes+historySlack {
		drop := z.fresh - historyBytes
		z.buf = slices.Delete(z.buf, 0, drop)
		z.fresh -= drop
	}
	if cap(z.buf) > 16*historyBytes && len(z.buf) <= 2*historyBytes {
		z.buf = slices.Clone(z.buf)
	}
}

// bitPosition is where a step begins again when there is more input.
type bitPosition struct {
	pos int
	acc uint64
	n   uint
}

func (z *inflater) position() bitPosition { return bitPosition{z.pos, z.acc, z.n} }

func (z *inflater) back(p bitPosition) { z.pos, z.acc, z.n = p.pos, p.acc, p.n }

// rest returns the input behind the last block, once that has ended: what was
// taken of it came with the last write.
func (z *inflater) rest() []byte { return z.in[z.pos-int(z.n/8):] }

// unread is how many whole bytes of input wait for more.
func (z *inflater) unread() int { return len(z.in) - z.pos + int(z.n/8) }

func (z *inflater) step(limit int) error {
	switch z.state {
	case inflateHeader:
		begin := z.position()
		err := z.header()
		if errors.Is(err, errMore) {
			z.back(begin)
		}
		return err
	case inflateStored:
		return z.copyStored()
	case inflateCodes:
		return z.codes(limit)
	default:
		return errMore
	}
}

// refill takes whole bytes into acc.
func (z *inflater) refill() {
	for z.n <= 56 && z.pos < len(z.in) {
		z.acc |= uint64(z.in[z.pos]) << z.n
		z.pos++
		z.n += 8
	}
}

// bits takes n bits, at most 16.
func (z *inflater) bits(n uint) (int, error) {
	if z.n < n {
		if z.refill(); z.n < n {
			return 0, errMore
		}
	}
	v := int(z.acc & (1<<n - 1))
	z.acc >>= n
	z.n -= n
	return v, nil
}

// align drops the bits up to the next byte.
func (z *inflater) align() {
	z.acc >>= z.n % 8
	z.n -= z.n % 8
}

// header reads the beginning of a block.
func (z *inflater) header() error {
	head, err := z.bits(3)
	if err != nil {
		return err
	}
	switch head >> 1 {
	case 0:
		z.align()
		size, err := z.bits(16)
		if err != nil {
			return err
		}
		check, err := z.bits(16)
		if err != nil {
			return err
		}
		if size != ^check&0xffff {
			return errInflate
		}
		z.state, z.stored = inflateStored, size
	case 1:
		fixed := fixedCodes()
		z.literal, z.distance = &fixed.literal, &fixed.distance
		z.state = inflateCodes
	case 2:
		if err := z.dynamic(); err != nil {
			return err
		}
		z.state = inflateCodes
	default:
		return errInflate
	}
	z.final = head&1 == 1
	z.began = z.out
	return nil
}

// ended is the end of a block.
func (z *inflater) ended() {
	z.flushed = z.out == z.began
	switch {
	case !z.final:
		unread := int64(len(z.in)-z.pos)*8 + int64(z.n)
		read := z.fed*8 - unread
		z.marks = append(z.marks, blockMark{read / 8, uint(read % 8), z.out})
		z.state = inflateHeader
	case z.endless:
		z.align()
		z.state = inflateHeader
	default:
		z.align()
		z.state = inflateDone
	}
}

// between reports whether a block has ended and the next header has not come.
// After a block of nothing, which is a flush, none need be expected.
func (z *inflater) between() bool {
	return z.state == inflateHeader && !z.flushed
}

// copyStored copies a stored block.
func (z *inflater) copyStored() error {
	for z.stored > 0 && z.n > 0 {
		b, _ := z.bits(8) // whole bytes are there
		z.buf = append(z.buf, byte(b))
		z.stored--
		z.out++
	}
	n := min(z.stored, len(z.in)-z.pos)
	z.buf = append(z.buf, z.in[z.pos:z.pos+n]...)
	z.pos += n
	z.out += int64(n)
	if z.stored -= n; z.stored > 0 {
		return errMore
	}
	z.ended()
	return nil
}
