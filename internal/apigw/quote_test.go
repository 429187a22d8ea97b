package apigw

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                         "``",
		`{"a":"\n"}`:               "`{\"a\":\"\\n\"}`",
		"Süß 🙂":                    "`Süß 🙂`",
		"two\nlines":               `"two\nlines"`,
		"\x1b[31m\x00":             `"\x1b[31m\x00"`,
		"a\tb":                     `"a\tb"`,
		"a`b":                      "\"a`b\"",
		"\u202eevil":               `"\u202eevil"`,
		"\u0085":                   `"\u0085"`,
		"\xff\xfe":                 `"\xff\xfe"`,
		strings.Repeat("x", 9):     "`xxxxxxxxx`",
		"0123456789":               "`0123456789`",
		"0123456789a":              "`0123456789`…",
		"012345678é":               "`012345678`…", // whose last character is bytes 9 and 10
		"0123456789é":              "`0123456789`…",
		"0123456🙂":                 "`0123456`…",
		"01234567\x80\xff\xff":     `"01234567\x80\xff"` + "…",
		strings.Repeat("\x80", 20): `"\x80\x80\x80\x80\x80\x80"` + "…",
	} {
		assert.Equal(t, want, quote(text, 10), "%q", text)
	}
}
