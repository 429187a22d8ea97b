package jsonscan

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzAppendString checks that encoding/json reads what AppendString writes.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00<\u2028\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		require.NoError(t, json.Unmarshal(AppendString(nil, s), &got))
		require.Equal(t, string([]rune(s)), got)
	})
}
