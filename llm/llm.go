// Package llm knows where text is in LLM wire formats, and how to change it
// there and nowhere else. It knows nothing of threats: it hands out text with
// the speaker and the place of each piece, and takes replacements back.
//
// # Laws
//
//   - [Doc.Bytes] is byte for byte what was read unless [Doc.Replace] was called.
//   - After Replace(i, t), reading Bytes again gives the same segments except i,
//     which is t, and every byte outside that one string literal is what it was;
//     but log probabilities beside it, which spell a text out token by token and
//     byte by byte, are written as null or as an empty list.
//   - However a stream is cut into reads, [Events.Next] returns the same Docs,
//     and their Bytes in a row are the stream.
//   - Every string value and every member name of a valid JSON document is in
//     [Doc.Segments] or, where it is not text, in [Doc.Skipped]; so is every
//     name, value and file of a form.
//
// Numbers, booleans and null are not text. A document that breaks the rules of
// JSON is still read, as far as they carry and then leniently, with what was
// wrong in [Doc.Problems] and one segment for the whole of it.
package llm

// Role says who speaks in a segment.
type Role string

// The roles. Definition and Other give no privilege of their own: what they
// mean is for the caller to say, and an unknown place is read as the user's.
const (
	System     Role = "system"     // the operator: system and developer messages, instructions
	User       Role = "user"       // the person or program that asks
	Tool       Role = "tool"       // what a tool, a search or a file brought in
	Model      Role = "model"      // what the provider answered
	Definition Role = "definition" // tool definitions and schemas
	Other      Role = "other"      // identifiers, metadata, unknown members, whole raw bodies
)

// Segment is one piece of text in a Doc.
type Segment struct {
	// Role is the speaker, never empty.
	Role Role
	// Stream names the running text that this piece continues, in the order of
	// the segments ("choices/0/content"); empty when the piece stands alone.
	Stream string
	// Text is the decoded text. It may hold invalid UTF-8 where the Doc's
	// problems say so.
	Text string
	// Key marks the name of an object member.
	Key bool
	// Call marks what a tool call will do: arguments, input, code, commands and
	// patches, in deltas and whole items alike.
	Call bool
	// Known marks a text that is a word of the wire formats themselves
	// ("messages", "chat.completion") and stands alone: it says nothing
	// that its author chose, so it need not be inspected.
	Known bool
}

// Skip names a value that is not text and was therefore not made a segment.
type Skip struct {
	Path   string // RFC 6901 pointer
	Reason string // one of the Skip constants
}

// The reasons for a Skip. The set is closed.
const (
	SkipImage     = "image"     // what begins as an image does, as it is or in base64
	SkipAudio     = "audio"     // sound, likewise
	SkipFile      = "file"      // a document that is not plain text, as it is or in base64
	SkipEncrypted = "encrypted" // reasoning that only the provider can read
	SkipEmbedding = "embedding" // base64 of a vector
	SkipTokens    = "token_ids" // text as numbers of a vocabulary
	// SkipCredential is a key that the provider issues to the client in this very
	// answer: it is of no use masked.
	SkipCredential = "credential"
)

// The problems that Doc.Problems may name. The set is closed.
const (
	// ProblemMalformed is a breach of the JSON grammar, truncation included.
	ProblemMalformed = "malformed_json"
	// ProblemNotJSON is a body that does not even begin like an object, an
	// array or a string: plain text, a form, HTML.
	ProblemNotJSON = "not_json"
	// ProblemUTF8 is text that is not UTF-8.
	ProblemUTF8 = "invalid_utf8"
	// ProblemSurrogate is half of a surrogate pair in an escape, which parsers
	// read differently but harmlessly.
	ProblemSurrogate = "lone_surrogate"
	// ProblemDuplicate is an object with two members of one name, of which some
	// parsers see the first and some the last. Both are segments.
	ProblemDuplicate = "duplicate_key"
	// ProblemTrailing is anything but white space after the document.
	ProblemTrailing = "trailing_data"
	// ProblemBOM is a byte order mark before the document.
	ProblemBOM = "byte_order_mark"
	// ProblemTooMany is a document of more values than segmentsMax, or longer than
	// bodyBytesMax: it is read up to there, and as a whole in one raw segment.
	ProblemTooMany = "too_many_values"
	// ProblemMultipart is a form that breaks the grammar of its parts, or uses what
	// parsers of forms read differently.
	ProblemMultipart = "malformed_multipart"
	// ProblemOversize is a piece of a stream event longer than eventBytesMax.
	ProblemOversize = "oversize_event"
)

const (
	// segmentsMax bounds what one document can make us allocate: a body of
	// empty strings would otherwise grow thirtyfold in memory.
	segmentsMax = 1 << 18
	// bodyBytesMax is the longest document that is read as JSON. Callers have far
	// lower limits; ours keeps offsets in 32 bits.
	bodyBytesMax = 1 << 30
	// skipsMax bounds the list of skipped values; past it, base64 is text.
	skipsMax = 1 << 12
	// streamNamesMax bounds the names of running texts kept for reuse.
	streamNamesMax = 1 << 10
)
