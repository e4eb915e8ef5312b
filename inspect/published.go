package inspect

// published are the FNV-1a hashes of keys that are in everybody's hands: those
// that Google and Algolia show in sample code and that secret scanners pass
// over by name (the list is that of gitleaks' default rules). Hashes, because a
// file with the keys themselves would set off every scanner that reads it.
var published = [...]uint64{
	0x6acbd824bd32bbd4, 0x29a336c7244f48dd, 0x08b545962adc7d8b, 0xe7666dbb286c6c2e, 0x99b2726346a1e92a, 0x12113c2e6979f447,
	0x828818f833257868, 0x6835e0f288832a40, 0x816cd10fdb11ead0, 0xadbd04e3fe1b6d49, 0xdb9422f1dd332dcc, 0x515cb771a4238032,
	0xe754678ea2b14ef1, 0xc73f1e61952e6987, 0x294c63f8344d5df1, 0xd8e13cded25333c6,
}

// isPublished reports whether value is one of the keys that everybody knows.
func isPublished(value string) bool {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	for _, p := range published {
		if p == h {
			return true
		}
	}
	return false
}

// googleKey judges the 35 characters after "AIza".
func googleKey(body string) float64 {
	if isPublished("AIza" + body) {
		return 0
	}
	return random(body)
}
