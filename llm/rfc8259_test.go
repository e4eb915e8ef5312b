package llm_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/infershield/infershield/llm"
)

// The classes of RFC 8259: what a parser must accept, what it must refuse, and
// what it may do either with. Named after the rule at stake.

var mustAccept = map[string]string{
	"y_structure_lonely_string":       `"a"`,
	"y_structure_lonely_number":       `-1`,
	"y_structure_lonely_true":         `true`,
	"y_structure_lonely_null":         `null`,
	"y_structure_space_around":        " \t\r\n[ \n] \r\n",
	"y_structure_empty_object":        `{}`,
	"y_structure_empty_array":         `[]`,
	"y_object_space_in_all_places":    "{ \"a\" :\t1 ,\r\n\"b\" : [ ] }",
	"y_object_empty_name":             `{"":"a"}`,
	"y_object_names_differ_by_case":   `{"a":"1","A":"2"}`,
	"y_object_names_differ_by_form":   `{"` + "\u00e9" + `":"1","` + "e\u0301" + `":"2"}`,
	"y_object_nul_in_name":            `{"a\u0000b":"c"}`,
	"y_object_deep":                   strings.Repeat(`{"a":`, 500) + `"b"` + strings.Repeat("}", 500),
	"y_array_of_all_kinds":            `["a",1,-0.5E-2,true,false,null,{},[]]`,
	"y_array_deep":                    strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
	"y_number_zero":                   `[0,-0,0.0,0e0,0E+00]`,
	"y_number_exponents":              `[1e1,1E1,1e+1,1e-1,12.34e56]`,
	"y_number_long":                   `[` + strings.Repeat("9", 400) + `]`,
	"y_number_beyond_double":          `[1e999,-1e999,1e-999]`,
	"y_string_empty":                  `[""]`,
	"y_string_all_short_escapes":      `["\"\\\/\b\f\n\r\t"]`,
	"y_string_hex_of_both_cases":      `["\u00aF\u00Af"]`,
	"y_string_escaped_controls":       `["\u0000\u001f\u007f"]`,
	"y_string_surrogate_pair":         `["\ud83d\ude00"]`,
	"y_string_pair_in_capitals":       `["\uD83D\uDE00"]`,
	"y_string_escaped_noncharacter":   `["\uffff\ufdd0"]`,
	"y_string_noncharacter":           "[\"\uffff\U0010ffff\"]",
	"y_string_delete_is_no_control":   "[\"\x7f\"]",
	"y_string_separators_of_lines":    "[\"\u2028\u2029\"]",
	"y_string_mark_of_byte_order":     "[\"\ufeff\"]",
	"y_string_backslashes":            `["\\u0061","\\\\"]`,
	"y_string_four_bytes":             "[\"\U0001f600\"]",
	"y_string_looks_like_comment":     `["// a","/* b */"]`,
	"y_string_escaped_name_of_member": `{"\u0061":"b"}`,
}

var mustRefuse = map[string]string{
	"n_structure_two_values":            `1 2`,
	"n_structure_comma_after":           `{},`,
	"n_structure_bracket_after":         `[]]`,
	"n_structure_open_array":            `[`,
	"n_structure_open_object":           `{"a":1`,
	"n_structure_close_only":            `]`,
	"n_structure_wrong_close":           `["a"}`,
	"n_structure_nul_after":             "[]\x00",
	"n_structure_form_feed":             "[\f]",
	"n_structure_no_break_space":        "[\u00a0]",
	"n_structure_vertical_tab_alone":    "\v",
	"n_structure_word":                  `nul`,
	"n_structure_capitals":              `[True]`,
	"n_structure_word_and_more":         `[nullx]`,
	"n_structure_deep_and_open":         strings.Repeat("[", 100000),
	"n_structure_comment_line":          "[1] // a",
	"n_structure_comment_hash":          "[1] # a",
	"n_object_comma_last":               `{"a":1,}`,
	"n_object_comma_first":              `{,"a":1}`,
	"n_object_two_commas":               `{"a":1,,"b":2}`,
	"n_object_two_colons":               `{"a"::1}`,
	"n_object_no_colon":                 `{"a" 1}`,
	"n_object_no_value":                 `{"a":}`,
	"n_object_no_name":                  `{:1}`,
	"n_object_name_bare":                `{a:1}`,
	"n_object_name_single_quotes":       `{'a':1}`,
	"n_object_name_number":              `{1:1}`,
	"n_object_comma_for_colon":          `{"a",1}`,
	"n_object_name_alone":               `{"a"}`,
	"n_array_comma_last":                `[1,]`,
	"n_array_comma_first":               `[,1]`,
	"n_array_two_commas":                `[1,,2]`,
	"n_array_no_comma":                  `[1 2]`,
	"n_array_colon":                     `["a":1]`,
	"n_array_semicolon":                 `[1;2]`,
	"n_number_plus":                     `[+1]`,
	"n_number_leading_zero":             `[01]`,
	"n_number_minus_leading_zero":       `[-01]`,
	"n_number_minus_alone":              `[-]`,
	"n_number_point_first":              `[.5]`,
	"n_number_point_last":               `[1.]`,
	"n_number_exponent_empty":           `[1e]`,
	"n_number_exponent_sign_alone":      `[1e+]`,
	"n_number_two_points":               `[1.2.3]`,
	"n_number_hex":                      `[0x1]`,
	"n_number_underscore":               `[1_000]`,
	"n_number_nan":                      `[NaN]`,
	"n_number_infinity":                 `[-Infinity]`,
	"n_number_full_width":               "[\uff11]",
	"n_number_with_letter":              `[1a]`,
	"n_string_no_close":                 `["a`,
	"n_string_single_quotes":            `['a']`,
	"n_string_no_quotes":                `[a]`,
	"n_string_raw_newline":              "[\"a\nb\"]",
	"n_string_raw_tab":                  "[\"a\tb\"]",
	"n_string_raw_nul":                  "[\"a\x00b\"]",
	"n_string_escape_unknown":           `["\a"]`,
	"n_string_escape_hex":               `["\x41"]`,
	"n_string_escape_octal":             `["\101"]`,
	"n_string_escape_quote_single":      `["\'"]`,
	"n_string_escape_of_space":          `["\ "]`,
	"n_string_escape_capital_u":         `["\U0061"]`,
	"n_string_escape_cut":               `["\`,
	"n_string_escape_short":             `["\u00"]`,
	"n_string_escape_not_hex":           `["\u00g0"]`,
	"n_string_escape_braces":            `["\u{61}"]`,
	"n_string_escape_of_byte":           "[\"\\\xff\"]",
	"n_string_curly_quotes":             "[\u201ca\u201d]",
	"n_string_after_close":              `["a"b]`,
	"n_string_two_adjacent":             `["a" "b"]`,
	"n_string_second_half_escape_wrong": `["\ud83d\u00g0"]`,
}

// mayEither are read, with the problem that says on what parsers differ.
var mayEither = map[string]struct{ body, problem string }{
	"i_object_duplicate_name":         {`{"a":"1","a":"2"}`, llm.ProblemDuplicate},
	"i_object_duplicate_name_escaped": {`{"a":"1","\u0061":"2"}`, llm.ProblemDuplicate},
	"i_object_duplicate_and_equal":    {`{"a":"1","a":"1"}`, llm.ProblemDuplicate},
	"i_string_high_half_alone":        {`["\ud83d"]`, llm.ProblemSurrogate},
	"i_string_low_half_alone":         {`["\ude00"]`, llm.ProblemSurrogate},
	"i_string_halves_swapped":         {`["\ude00\ud83d"]`, llm.ProblemSurrogate},
	"i_string_half_then_text":         {`["\ud83dabc"]`, llm.ProblemSurrogate},
	"i_string_half_in_name":           {`{"\ud83d":"a"}`, llm.ProblemSurrogate},
	"i_string_latin_1":                {"[\"caf\xe9\"]", llm.ProblemUTF8},
	"i_string_overlong":               {"[\"\xc0\xaf\"]", llm.ProblemUTF8},
	"i_string_surrogate_as_utf_8":     {"[\"\xed\xa0\xbd\"]", llm.ProblemUTF8},
	"i_string_beyond_unicode":         {"[\"\xf4\x90\x80\x80\"]", llm.ProblemUTF8},
	"i_string_cut_rune":               {"[\"\xe2\x82\"]", llm.ProblemUTF8},
	"i_structure_byte_order_mark":     {"\xef\xbb\xbf[]", llm.ProblemBOM},
	"i_structure_deeper_than_10000":   {strings.Repeat("[", 20000) + strings.Repeat("]", 20000), llm.ProblemMalformed},
}

func TestRFC8259(t *testing.T) {
	for name, body := range mustAccept {
		if d := (llm.Endpoint{}).Request([]byte(body)); len(d.Problems()) > 0 {
			t.Errorf("%s: %v", name, d.Problems())
		}
		if !json.Valid([]byte(body)) {
			t.Errorf("%s is in the wrong class", name)
		}
	}
	for name, body := range mustRefuse {
		d := llm.Endpoint{}.Request([]byte(body))
		if len(d.Problems()) == 0 {
			t.Errorf("%s: no problem", name)
		} else if segs := d.Segments(); segs[len(segs)-1].Text != body {
			t.Errorf("%s: the whole is no segment", name)
		}
		if json.Valid([]byte(body)) {
			t.Errorf("%s is in the wrong class", name)
		}
	}
	for name, tt := range mayEither {
		if d := (llm.Endpoint{}).Request([]byte(tt.body)); !slices.Equal(d.Problems(), []string{tt.problem}) {
			t.Errorf("%s: got %v; want %s", name, d.Problems(), tt.problem)
		}
	}
}

// TestRFC8259Everywhere: what a body is refused for, an event and a message are.
func TestRFC8259Everywhere(t *testing.T) {
	for name, body := range mustRefuse {
		if bytes.ContainsAny([]byte(body), "\r\n") {
			continue // ends a line of an event
		}
		event := oneEvent(llm.Endpoint{}, "data: "+body+"\n\n")
		message := llm.Endpoint{}.Messages().Server([]byte(body))
		if len(event.Problems()) == 0 || !slices.Equal(event.Problems(), message.Problems()) {
			t.Errorf("%s: event %v, message %v", name, event.Problems(), message.Problems())
		}
	}
}
