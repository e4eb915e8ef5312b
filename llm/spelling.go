package llm

// spelling is a list of tokens with their probabilities, which spells out what
// stands beside it: "logprobs" of a chat's choice, of a part or of an event.
type spelling struct {
	owner      int32 // the node that it stands in, whose texts it repeats
	start, end int32 // in body
}

// appendUnspelt appends the edits that empty the spellings of texts that were
// replaced. A masked value must not stand in their tokens or bytes, and which
// of them it covers is not worth knowing: clients accept null.
func (d *Doc) appendUnspelt(edits []edit) []edit {
	for _, s := range d.spellings {
		if !d.isEditedIn(s.owner) {
			continue
		}
		empty := "null"
		if d.body[s.start] == '[' {
			empty = "[]"
		}
		edits = append(edits, edit{d.toRaw(int(s.start)), d.toRaw(int(s.end)-1) + 1, []byte(empty)})
	}
	return edits
}

// isEditedIn reports whether a text that node holds, at any depth, was replaced.
func (d *Doc) isEditedIn(node int32) bool {
	for _, i := range d.edited {
		for at := d.marks[i].site; at.node >= 0; at = d.nodes[at.node] {
			if at.node == node {
				return true
			}
		}
	}
	return false
}

// unspelt reports whether segment i stands in a spelling that is emptied. Its
// own replacement makes it one.
func (d *Doc) unspelt(i int) bool {
	m := d.marks[i]
	for _, s := range d.spellings {
		if m.form != formField && s.start < m.start && m.end < s.end {
			return true
		}
	}
	return false
}
