package jsonscan

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A signature may cover these bytes, so they are exact.
func TestAppendString(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                       `""`,
		"a\"b\\c":                `"a\"b\\c"`,
		"\n\r\t":                 `"\n\r\t"`,
		"\x00\x08\x0c\x1f ":      `"\u0000\u0008\u000c\u001f "`,
		"<&>/\u2028\u2029\x7fé😀": "\"<&>/\u2028\u2029\x7fé😀\"",
		"\xff is not UTF-8":      "\"\uFFFD is not UTF-8\"",
	} {
		assert.Equal(t, "before"+want, string(AppendString([]byte("before"), s)), "%q", s)
	}
}

// FuzzAppendString checks that encoding/json reads what AppendString writes.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00<\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		require.NoError(t, json.Unmarshal(AppendString(nil, s), &got))
		require.Equal(t, string([]rune(s)), got)
	})
}
