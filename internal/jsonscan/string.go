package jsonscan

import "unicode/utf8"

// AppendString appends s as a JSON string and escapes only what JSON demands.
// Package encoding/json would also write <, >, & and the two Unicode line
// separators as \u escapes. AppSync takes the text of an operation as it is
// written and may have to match its signature, so that must not happen.
// What isn't UTF-8 becomes U+FFFD.
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
