package jsonscan

import "unicode/utf8"

// AppendString appends s as a JSON string and escapes only what JSON requires.
// Package encoding/json would also escape the two Unicode line separators and, unless
// told otherwise, <, > and &. AppSync takes the text of an operation as it is written and
// may have to match its signature, so its bytes must not depend on an encoder's taste.
// Bytes that aren't UTF-8 become U+FFFD.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ':
			b = append(b, `\u00`...)
			b = append(b, hex[r>>4], hex[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
