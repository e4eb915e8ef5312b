package ca

import (
	"encoding/binary"
	"errors"
)

const (
	jksMagic  = 0xfeedfeed
	jksKey    = 1 // tags of entries
	jksTrust  = 2
	jksLatest = 2 // version
)

// errJKS is returned for what is no keystore of the older kind.
var errJKS = errors.New("not a JKS keystore")

// readJKS returns the trusted certificates of a keystore in the JKS format,
// which is that of cacerts on most systems. Starting keytool to read it takes
// the better part of a second. The sum at its end, which is no protection, is
// not verified.
func readJKS(data []byte) ([]entry, error) {
	r := jksReader{data: data}
	if r.uint32() != jksMagic {
		return nil, errJKS
	}
	version, count := r.uint32(), r.uint32()
	if version > jksLatest {
		return nil, errJKS
	}
	var entries []entry
	for i := uint32(0); i < count && r.err == nil; i++ {
		tag, alias := r.uint32(), string(r.text())
		r.bytes(8) // when it was made
		switch tag {
		case jksTrust:
			entries = append(entries, entry{der: r.cert(version), handle: alias})
		case jksKey:
			r.bytes(r.uint32())
			for n := r.uint32(); n > 0 && r.err == nil; n-- {
				r.cert(version)
			}
		default:
			return nil, errJKS
		}
	}
	return entries, r.err
}

// jksReader reads big-endian fields. After an error all of them are empty.
type jksReader struct {
	data []byte
	err  error
}

func (r *jksReader) bytes(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(len(r.data)) {
		r.err = errJKS
		return make([]byte, min(n, 8))
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *jksReader) uint32() uint32 { return binary.BigEndian.Uint32(r.bytes(4)) }

func (r *jksReader) text() []byte { return r.bytes(uint32(binary.BigEndian.Uint16(r.bytes(2)))) }

func (r *jksReader) cert(version uint32) []byte {
	if version == jksLatest {
		r.text() // X.509
	}
	return r.bytes(r.uint32())
}
