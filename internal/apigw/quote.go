package apigw

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many bytes of a text an error shows.
const maxShown = 200

// quote returns a text as an error shows it: no more than most bytes of it, in quotes, and
// with every character escaped that can't be printed.
func quote(text string, most int) string {
	shown := cut(text, most)
	quoted := strconv.Quote(shown)
	if isPrintable(shown) { // so that JSON isn't full of backslashes
		quoted = "`" + shown + "`"
	}
	if len(shown) < len(text) {
		quoted += "…"
	}
	return quoted
}

// isPrintable reports whether a text can stand between backquotes as it is.
func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r == '`' || !unicode.IsPrint(r) })
}

// cut returns at most so many bytes of a text, of whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
