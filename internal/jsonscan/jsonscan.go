// Package jsonscan walks the members of a JSON object and appends JSON strings, without
// a decoder or an encoder. A load test reads very many frames, so reading one must not
// allocate. And a decoder needs a deep stack, which would stay with the goroutine that
// ran it, of which there may be 150,000.
package jsonscan

import "bytes"

// Members walks the members at the top level of a JSON object. It allocates nothing and
// reads no further than it is asked to. The inside of a value is skipped by its quotes
// and brackets and not checked. So a frame's type is found whatever the order of its
// members, and a member of the same name inside a value isn't mistaken for it.
//
//	for m := Object(frame); m.Next(); {
//		use(m.Key(), m.Value())
//	}
type Members struct {
	data       []byte
	at         int // the index of the next byte to read
	key, value []byte
	state      scanState
}

type scanState uint8

const (
	scanBroken scanState = iota // not an object, or not valid from here on
	scanInside                  // a member must follow
	scanWhole                   // the object is complete and nothing follows
)

// Object returns a walk over the members of the object in data.
func Object(data []byte) Members {
	m := Members{data: data}
	m.space()
	if m.take('{') {
		m.state = scanInside
		m.space()
		if m.take('}') {
			m.end()
		}
	}
	return m
}

// Next goes to the next member. It returns false after the last one, and if what
// follows is no JSON.
func (m *Members) Next() bool {
	if m.state != scanInside {
		return false
	}
	m.state = scanBroken
	if !m.member() {
		return false
	}
	m.space()
	switch {
	case m.take(','):
		m.space()
		m.state = scanInside
	case m.take('}'):
		m.end()
	}
	return true
}

// Key returns the member's name as it is written, without its quotes.
func (m *Members) Key() []byte { return m.key }

// Value returns the member's value as it is written.
func (m *Members) Value() []byte { return m.value }

// Text returns the member's value as it is written, without its quotes, or nil
// if it isn't a string.
func (m *Members) Text() []byte {
	if m.value[0] != '"' {
		return nil
	}
	return m.value[1 : len(m.value)-1]
}

// Whole reports whether the walk has come to the end of the object and only white
// space follows it.
func (m *Members) Whole() bool { return m.state == scanWhole }

// end checks that nothing follows the object.
func (m *Members) end() {
	m.state = scanBroken
	if m.space(); m.at == len(m.data) {
		m.state = scanWhole
	}
}

// member reads a name, a colon and a value.
func (m *Members) member() bool {
	start := m.at
	if start == len(m.data) || m.data[start] != '"' || !m.skipTo(stringEnd(m.data, start)) {
		return false
	}
	m.key = m.data[start+1 : m.at-1]
	m.space()
	if !m.take(':') {
		return false
	}
	m.space()
	start = m.at
	if !m.skipTo(valueEnd(m.data, start)) {
		return false
	}
	m.value = m.data[start:m.at]
	return true
}

// space skips white space.
func (m *Members) space() {
	for m.at < len(m.data) && isSpace(m.data[m.at]) {
		m.at++
	}
}

// take skips c. It returns false if another byte comes next.
func (m *Members) take(c byte) bool {
	if m.at == len(m.data) || m.data[m.at] != c {
		return false
	}
	m.at++
	return true
}

// skipTo goes to end. It returns false if that is -1.
func (m *Members) skipTo(end int) bool {
	if end < 0 {
		return false
	}
	m.at = end
	return true
}

// valueEnd returns the end of the value that begins at the given index, or -1 if there
// is no value or it doesn't end. stringEnd, nestedEnd and scalarEnd do the same for one
// kind of value each.
func valueEnd(data []byte, at int) int {
	if at == len(data) {
		return -1
	}
	switch data[at] {
	case '"':
		return stringEnd(data, at)
	case '{', '[':
		return nestedEnd(data, at)
	default:
		return scalarEnd(data, at)
	}
}

func stringEnd(data []byte, at int) int {
	for at++; at < len(data); at++ {
		quote := bytes.IndexByte(data[at:], '"')
		if quote < 0 {
			return -1
		}
		at += quote
		if data[at-1] != '\\' || !escaped(data[:at]) {
			return at + 1
		}
	}
	return -1
}

// escaped reports whether the byte after text is escaped, that is whether text ends with
// an odd number of backslashes.
func escaped(text []byte) bool {
	odd := false
	for i := len(text) - 1; i >= 0 && text[i] == '\\'; i-- {
		odd = !odd
	}
	return odd
}

func nestedEnd(data []byte, at int) int {
	depth := 0
	for at < len(data) {
		switch data[at] {
		case '"':
			if at = stringEnd(data, at); at < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if at++; depth == 0 {
			return at
		}
	}
	return -1
}

func scalarEnd(data []byte, at int) int {
	start := at
	for at < len(data) && !endsScalar(data[at]) {
		at++
	}
	if at == start {
		return -1
	}
	return at
}

func endsScalar(c byte) bool {
	return isSpace(c) || c == ',' || c == '}' || c == ']' || c == ':' || c == '"'
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r'
}
