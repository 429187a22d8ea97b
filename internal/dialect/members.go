package dialect

import "bytes"

// Members walks the members of a JSON object, those at its top level only. It
// allocates nothing and looks no further than it is asked to: what lies inside
// a value is skipped by its quotes and brackets and not checked. So a frame's
// type is found whatever the order of its members, and a member of the same
// name inside a value deceives nobody.
//
//	for m := ScanMembers(frame); m.Next(); {
//		use(m.Key(), m.Value())
//	}
type Members struct {
	data       []byte
	at         int // where the next member, comma or closing brace is
	key, value []byte
	state      scanState
}

type scanState uint8

const (
	scanStart scanState = iota
	scanInside
	scanEnd
	scanBroken
)

// ScanMembers returns a walk over the members of the object in data.
func ScanMembers(data []byte) Members {
	return Members{data: data}
}

// Next goes to the next member. It is false at the end of the object, and at
// once where data is no object.
func (m *Members) Next() bool {
	if !m.separator() {
		return false
	}
	if m.key = m.text(); m.key == nil {
		return m.broken()
	}
	m.space()
	if !m.take(':') {
		return m.broken()
	}
	m.space()
	start := m.at
	if !m.skipValue() {
		return m.broken()
	}
	m.value = m.data[start:m.at]
	return true
}

// Key returns the member's name as it is written, without its quotes.
func (m *Members) Key() []byte { return m.key }

// Value returns the member's value as it is written.
func (m *Members) Value() []byte { return m.value }

// Text returns the member's value as it is written, without its quotes, or nil
// if it is no string.
func (m *Members) Text() []byte {
	if m.value[0] != '"' {
		return nil
	}
	return m.value[1 : len(m.value)-1]
}

// Whole says whether the walk has come to the end of the object, and nothing
// but white space follows it.
func (m *Members) Whole() bool { return m.state == scanEnd }

// separator takes what stands before a member: the opening brace or a comma.
func (m *Members) separator() bool {
	m.space()
	switch {
	case m.state == scanStart && m.take('{'):
		m.state = scanInside
		if m.space(); !m.take('}') {
			return true
		}
	case m.state == scanInside && m.take(','):
		m.space()
		return true
	case m.state != scanInside || !m.take('}'):
		return m.broken()
	}
	if m.space(); m.at < len(m.data) {
		return m.broken()
	}
	m.state = scanEnd
	return false
}

func (m *Members) broken() bool {
	if m.state != scanEnd {
		m.state = scanBroken
	}
	return false
}

func (m *Members) space() {
	for m.at < len(m.data) && isSpace(m.data[m.at]) {
		m.at++
	}
}

func (m *Members) take(c byte) bool {
	if m.at == len(m.data) || m.data[m.at] != c {
		return false
	}
	m.at++
	return true
}

// text takes a string and returns what stands between its quotes, or nil.
func (m *Members) text() []byte {
	start := m.at + 1
	if m.at == len(m.data) || m.data[m.at] != '"' || !m.skipString() {
		return nil
	}
	return m.data[start : m.at-1]
}

func (m *Members) skipValue() bool {
	if m.at == len(m.data) {
		return false
	}
	switch m.data[m.at] {
	case '"':
		return m.skipString()
	case '{', '[':
		return m.skipNested()
	default:
		return m.skipScalar()
	}
}

// skipString goes behind the string that begins here.
func (m *Members) skipString() bool {
	for i := m.at + 1; i < len(m.data); i++ {
		quote := bytes.IndexByte(m.data[i:], '"')
		if quote < 0 {
			return false
		}
		if i += quote; !escaped(m.data[:i]) {
			m.at = i + 1
			return true
		}
	}
	return false
}

// escaped says whether the byte that follows text is escaped: whether an odd
// number of backslashes stands before it.
func escaped(text []byte) bool {
	odd := false
	for i := len(text) - 1; i >= 0 && text[i] == '\\'; i-- {
		odd = !odd
	}
	return odd
}

// skipNested goes behind the object or list that begins here.
func (m *Members) skipNested() bool {
	depth := 0
	for m.at < len(m.data) {
		switch m.data[m.at] {
		case '"':
			if !m.skipString() {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if m.at++; depth == 0 {
			return true
		}
	}
	return false
}

// skipScalar goes behind the number or word that begins here.
func (m *Members) skipScalar() bool {
	start := m.at
	for m.at < len(m.data) && !endsScalar(m.data[m.at]) {
		m.at++
	}
	return m.at > start
}

func endsScalar(c byte) bool {
	return isSpace(c) || c == ',' || c == '}' || c == ']' || c == ':' || c == '"'
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r'
}
