package main

import (
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"

	"github.com/infershield/infershield/inspect"
)

const (
	slots    = 1 << 17 // as in inspect/model.go
	bucket   = 4
	featMost = 110_000
	roles    = 4
)

// table is a model in the form that inspect.ParseModel reads.
type table struct {
	bias, scale [heads]float64
	cut, slope  [roles]float64
	entries     [slots]uint32
	kept        int
}

// newTable quantises the heads' weights to steps of one byte, the strongest
// features first; a feature that finds its bucket full is left out.
func newTable(fitted [heads]weights) *table {
	t := &table{}
	strength := map[uint32]float64{}
	for head, w := range fitted {
		t.bias[head] = w.bias
		most := 0.0
		for f, x := range w.of {
			most = max(most, math.Abs(x))
			strength[f] = max(strength[f], math.Abs(x))
		}
		t.scale[head] = float64(float32(most / 127))
	}
	for role := range roles {
		t.slope[role] = 1
	}
	all := make([]uint32, 0, len(strength))
	for f := range strength {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(strength[b], strength[a]), cmp.Compare(a, b))
	})
	for _, f := range all[:min(len(all), featMost)] {
		t.put(f, fitted)
	}
	return t
}

func (t *table) put(f uint32, fitted [heads]weights) {
	first, tag := inspect.ModelSlot(f)
	entry := uint32(tag)
	for head, w := range fitted {
		step := int8(math.Round(w.of[f] / t.scale[head]))
		entry |= uint32(uint8(step)) << (16 + 8*head)
	}
	if entry>>16 == 0 {
		return
	}
	for i := first; i < first+bucket; i++ {
		if t.entries[i] == 0 {
			t.entries[i] = entry
			t.kept++
			return
		}
	}
}

func (t *table) encode() []byte {
	out := []byte("ISM1")
	float := func(x float64) { out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(x))) }
	for head := range heads {
		float(t.bias[head])
		float(t.scale[head])
	}
	for role := range roles {
		float(t.cut[role])
		float(t.slope[role])
	}
	for _, e := range t.entries {
		out = binary.LittleEndian.AppendUint32(out, e)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}
