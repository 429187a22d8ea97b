package apigw

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		id := newID()
		require.Len(t, id, 16)
		require.True(t, wellFormed(id), id)
		require.False(t, seen[id], id)
		seen[id] = true
	}
	for _, id := range []string{"", "L0SM9cOFvHcCIhw", "L0SM9cOFvHcCIhw==", "L0SM9cOFvHcCIh==", "L0SM9cOF+HcCIhw=", "L0SM9cOFvHcCIhw=\n"} {
		require.False(t, wellFormed(id), "%q", id)
	}
	require.True(t, wellFormed("L0SM9cOFvHcCIhw="))
}
