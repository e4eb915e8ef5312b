package llm

import (
	"bytes"
	"math/bits"
	"sync"
)

const (
	// quickBits is how many bits one look at a table decodes. Nearly all codes
	// of text are that short.
	quickBits = 9
	codeBits  = 15
)

// huffman is one of DEFLATE's codes.
type huffman struct {
	quick  [1 << quickBits]uint16 // symbol<<4 | length; 0 where the code is longer
	count  [codeBits + 1]uint16   // codes of each length
	symbol [288]uint16            // in the order of their codes
}

// build makes the code with the given lengths. Like zlib it refuses a code that
// is not complete, but for one of a single symbol; one of no symbol decodes
// nothing.
func (h *huffman) build(lengths []byte) error {
	*h = huffman{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	left, used := 1, 0
	var next [codeBits + 1]int // the first code of each length
	var offset [codeBits + 1]int
	for n, code := 1, 0; n <= codeBits; n++ {
		code = (code + int(h.count[n-1])) << 1
		next[n], offset[n] = code, used
		used += int(h.count[n])
		if left = left<<1 - int(h.count[n]); left < 0 {
			return errInflate
		}
	}
	if left > 0 && used > 0 && (used > 1 || h.count[1] == 0) {
		return errInflate
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbol[offset[n]] = uint16(s)
		offset[n]++
		if n <= quickBits {
			reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
			for i := reversed; i < 1<<quickBits; i += 1 << n {
				h.quick[i] = uint16(s)<<4 | uint16(n)
			}
		}
		next[n]++
	}
	return nil
}

// symbol decodes one symbol with h.
func (z *inflater) symbol(h *huffman) (int, error) {
	if z.n < codeBits {
		z.refill()
	}
	if e := h.quick[z.acc&(1<<quickBits-1)]; e != 0 {
		n := uint(e & 15)
		if z.n < n {
			return 0, errMore
		}
		z.acc >>= n
		z.n -= n
		return int(e >> 4), nil
	}
	code, first, index := 0, 0, 0
	for n := uint(1); n <= codeBits; n++ {
		if z.n < n {
			return 0, errMore
		}
		code |= int(z.acc>>(n-1)) & 1
		count := int(h.count[n])
		if code-count < first {
			z.acc >>= n
			z.n -= n
			return int(h.symbol[index+code-first]), nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, errInflate
}

// blockCodes are the two codes of a block.
type blockCodes struct {
	literal, distance huffman
}

// fixedCodes are those of RFC 1951, section 3.2.6. Servers that flush small
// events use hardly any other.
var fixedCodes = sync.OnceValue(func() *blockCodes {
	var c blockCodes
	var lengths [288]byte
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	_ = c.literal.build(lengths[:])                   // complete
	_ = c.distance.build(bytes.Repeat([]byte{5}, 32)) // as well
	return &c
})

// lengthOrder is the order in which the lengths of the lengths' code stand.
var lengthOrder = [...]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block.
func (z *inflater) dynamic() error {
	sizes, err := z.bits(14)
	if err != nil {
		return err
	}
	literals, distances, n := sizes&31+257, sizes>>5&31+1, sizes>>10+4
	if literals > literalsMax || distances > distancesMax {
		return errInflate
	}
	var lengths [19]byte
	for i := range n {
		v, err := z.bits(3)
		if err != nil {
			return err
		}
		lengths[lengthOrder[i]] = byte(v)
	}
	if z.own == nil {
		z.own = new(blockCodes)
	}
	z.literal, z.distance = &z.own.literal, &z.own.distance
	if err := z.literal.build(lengths[:]); err != nil {
		return err
	}
	if err := z.codeLengths(z.lengths[:literals+distances]); err != nil {
		return err
	}
	if z.lengths[256] == 0 {
		return errInflate // nothing would end the block
	}
	if err := z.literal.build(z.lengths[:literals]); err != nil {
		return err
	}
	return z.distance.build(z.lengths[literals : literals+distances])
}

// codeLengths reads lengths in the code that z.literal holds.
func (z *inflater) codeLengths(lengths []byte) error {
	for i := 0; i < len(lengths); {
		s, err := z.symbol(z.literal)
		if err != nil {
			return err
		}
		if s < 16 {
			lengths[i] = byte(s)
			i++
			continue
		}
		r := lengthRepeats[s-16]
		more, err := z.bits(r.bits)
		if err != nil {
			return err
		}
		var value byte
		if s == 16 {
			if i == 0 {
				return errInflate
			}
			value = lengths[i-1]
		}
		if r.base+more > len(lengths)-i {
			return errInflate
		}
		for range r.base + more {
			lengths[i] = value
			i++
		}
	}
	return nil
}

// lengthRepeats is what the symbols from 16 on repeat, and how often.
var lengthRepeats = [...]struct {
	base int
	bits uint
}{{3, 2}, {3, 3}, {11, 7}}

var (
	matchBase    = [...]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	matchBits    = [...]uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [...]int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceBits = [...]uint{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// codes decodes the symbols of a block, each as a whole.
func (z *inflater) codes(limit int) error {
	for len(z.buf)-z.fresh <= limit {
		begin := z.position()
		s, err := z.symbol(z.literal)
		switch {
		case err != nil:
		case s < 256:
			z.buf = append(z.buf, byte(s))
			z.out++
		case s == 256:
			z.ended()
			return nil
		default:
			err = z.match(s - 257)
		}
		if err != nil {
			z.back(begin)
			return err
		}
	}
	return nil
}

// match copies what was decoded before.
func (z *inflater) match(s int) error {
	if s >= len(matchBase) {
		return errInflate
	}
	more, err := z.bits(matchBits[s])
	if err != nil {
		return err
	}
	length := matchBase[s] + more
	if s, err = z.symbol(z.distance); err != nil {
		return err
	}
	if s >= len(distanceBase) {
		return errInflate
	}
	if more, err = z.bits(distanceBits[s]); err != nil {
		return err
	}
	from := len(z.buf) - distanceBase[s] - more
	if from < 0 {
		return errInflate
	}
	z.out += int64(length)
	for length > 0 {
		n := min(length, len(z.buf)-from)
		z.buf = append(z.buf, z.buf[from:from+n]...)
		from += n
		length -= n
	}
	return nil
}
