package inspect

import (
	"crypto/sha256"
	"math/bits"
)

// coins finds the addresses of Bitcoin, of what was made after its model, and of
// Ethereum: all those with a checksum. The ones that begin with a digit are found
// with the numbers.
func coins() Detector {
	d := Detector{
		name: "coins", masks: masksPII, ahead: 128,
		triggers: []trigger{{stride: base58Bytes, back: base58Bytes, backMax: base58Most, match: base58}},
	}
	for _, prefix := range []string{"bc", "tb", "ltc", "cosmos", "addr"} {
		match := func(w *window) { bech32(w, prefix) }
		d.triggers = append(d.triggers, trigger{literal: prefix + "1", fold: true, left: wordBytes, match: match})
	}
	return d
}

// base58Bytes are the digits and letters that no one confuses.
var base58Bytes = setOf("1-9A-HJ-NP-Za-km-z")

// base58Least and base58Most bound the length of an address.
const (
	base58Least = 26
	base58Most  = 36
)

// base58 reports the address that the bytes around offset 0 are part of:
// Litecoin, Dogecoin, Dash, Tron, Zcash, Ripple, with Ripple's own alphabet.
func base58(w *window) {
	start := w.back(0, base58Bytes, base58Most)
	end := w.run(0, base58Bytes, base58Most)
	if n := end - start; n < base58Least || n >= base58Most || wordBytes[w.at(start-1)] || wordBytes[w.at(end)] || !in(w.at(start), "LMDAXTRrtmn") {
		return
	}
	value := w.slice(start, end)
	w.steps += 512
	if base58Check(value, base58Alphabet) || value[0] == 'r' && base58Check(value, rippleAlphabet) {
		w.take(PII, "crypto", 0.95, start, end)
	}
}

// bech32 reports an address whose checksum fits (BIP 173, BIP 350).
func bech32(w *window, prefix string) {
	end := w.run(w.n, alnumBytes, 104)
	if n := end - w.n; n < 11 || n > 103 {
		return
	}
	sum := uint32(1)
	for i := range len(prefix) {
		sum = bech32Step(sum, prefix[i]>>5)
	}
	sum = bech32Step(sum, 0)
	for i := range len(prefix) {
		sum = bech32Step(sum, prefix[i]&31)
	}
	for _, b := range []byte(w.slice(w.n, end)) {
		v := indexByte(bech32Alphabet, lower(b))
		if v < 0 {
			return
		}
		sum = bech32Step(sum, byte(v))
	}
	if sum == 1 || sum == 0x2bc830a3 {
		w.take(PII, "crypto", 0.95, 0, end)
	}
}

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

func bech32Step(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 != 0 {
			sum ^= g
		}
	}
	return sum
}

func indexByte(s string, b byte) int {
	for i := range len(s) {
		if s[i] == b {
			return i
		}
	}
	return -1
}

// coin reports the coin address that begins with the digit at offset 0.
func coin(w *window) bool {
	switch w.at(0) {
	case '1', '3':
		if isDigit(w.at(1)) && isDigit(w.at(2)) && isDigit(w.at(3)) && isDigit(w.at(4)) || !isAlnum(w.at(5)) {
			return false
		}
		end := w.run(0, alnumBytes, 36)
		if end < 26 || end > 35 || !base58Check(w.slice(0, end), base58Alphabet) {
			return false
		}
		w.take(PII, "crypto", 0.95, 0, end)
		return true
	case '0':
		if lower(w.at(1)) != 'x' || w.run(2, anyHexBytes, 41) != 42 || wordBytes[w.at(42)] {
			return false
		}
		return ethereum(w)
	}
	return false
}

const (
	base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	rippleAlphabet = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
)

// base58Check reports whether s is 21 bytes, or 22 where the version takes two,
// and the first four of their double SHA-256.
func base58Check(s, alphabet string) bool {
	var raw [26]byte
	for i := range len(s) {
		carry := indexByte(alphabet, s[i])
		if carry < 0 {
			return false
		}
		for k := len(raw) - 1; k >= 0; k-- {
			carry += 58 * int(raw[k])
			raw[k] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return false
		}
	}
	payload := raw[:22]
	if raw[0] == 0 {
		payload = raw[1:22]
	}
	first := sha256.Sum256(payload)
	sum := sha256.Sum256(first[:])
	return string(sum[:4]) == string(raw[22:])
}

// ethereum reports the 40 digits after 0x. Written in both cases they hold a
// checksum; in one, they may be any hash.
func ethereum(w *window) bool {
	digits := w.slice(2, 42)
	w.steps += 256
	switch checked, mixedCase := eip55(digits); {
	case mixedCase && checked:
		w.take(PII, "crypto", 0.95, 0, 42)
	case !mixedCase && distinct(digits) > 5 && w.context(0, 48, "eth", "wallet", "0x address"):
		w.take(PII, "crypto", 0.6, 0, 42)
	default:
		return false
	}
	return true
}

// eip55 reports whether the case of the letters in s, 40 hexadecimal digits, is
// that of the checksum (EIP-55), and whether there are letters of both cases.
func eip55(s string) (checked, mixedCase bool) {
	var folded [40]byte
	uppers, lowers := 0, 0
	for i := range len(s) {
		folded[i] = lower(s[i])
		if upperBytes[s[i]] {
			uppers++
		} else if alphaBytes[s[i]] {
			lowers++
		}
	}
	if uppers == 0 || lowers == 0 {
		return false, false
	}
	sum := keccak256(&folded)
	for i := range len(s) {
		nibble := sum[i/2] >> (4 - 4*(i%2)) & 15
		if alphaBytes[s[i]] && upperBytes[s[i]] != (nibble > 7) {
			return false, true
		}
	}
	return true, true
}

// keccak256 is the hash that Ethereum uses: SHA-3 as it was before the standard
// changed its padding, which crypto/sha3 does not offer. The input fits one
// block of 136 bytes.
func keccak256(input *[40]byte) [20]byte {
	var a [25]uint64
	for i, b := range input {
		a[i/8] ^= uint64(b) << (i % 8 * 8)
	}
	a[len(input)/8] ^= 1
	a[16] ^= 1 << 63
	keccakF(&a)
	var sum [20]byte
	for i := range sum {
		sum[i] = byte(a[i/8] >> (i % 8 * 8))
	}
	return sum
}

// The constants of Keccak: what each round adds (iota), and where and how far
// each lane turns (rho and pi).
var (
	keccakRounds = [24]uint64{
		0x1, 0x8082, 0x800000000000808a, 0x8000000080008000, 0x808b, 0x80000001, 0x8000000080008081, 0x8000000000008009,
		0x8a, 0x88, 0x80008009, 0x8000000a, 0x8000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
		0x8000000000008002, 0x8000000000000080, 0x800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x80000001, 0x8000000080008008,
	}
	keccakTurns = [24]int{1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44}
	keccakLanes = [24]int{10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1}
)

// keccakF is Keccak-f[1600] (FIPS 202, section 3), written plainly: it runs
// once for a whole address.
func keccakF(a *[25]uint64) {
	for _, round := range keccakRounds {
		var c [5]uint64
		for x := range 5 {
			c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
		}
		d := [5]uint64{
			c[4] ^ bits.RotateLeft64(c[1], 1), c[0] ^ bits.RotateLeft64(c[2], 1), c[1] ^ bits.RotateLeft64(c[3], 1),
			c[2] ^ bits.RotateLeft64(c[4], 1), c[3] ^ bits.RotateLeft64(c[0], 1),
		}
		for y := 0; y < 25; y += 5 {
			for x := range 5 {
				a[y+x] ^= d[x]
			}
		}
		last := a[1]
		for t, lane := range keccakLanes {
			last, a[lane] = a[lane], bits.RotateLeft64(last, keccakTurns[t])
		}
		for y := 0; y < 25; y += 5 {
			r := [5]uint64(a[y : y+5])
			a[y] = r[0] ^ ^r[1]&r[2]
			a[y+1] = r[1] ^ ^r[2]&r[3]
			a[y+2] = r[2] ^ ^r[3]&r[4]
			a[y+3] = r[3] ^ ^r[4]&r[0]
			a[y+4] = r[4] ^ ^r[0]&r[1]
		}
		a[0] ^= round
	}
}
