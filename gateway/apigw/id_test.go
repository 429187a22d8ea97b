package apigw

import (
	"encoding/base64"
	"encoding/binary"
	"testing"
	"time"

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
	for _, id := range []string{"", "L0SM9cOFvHcCIhw", "L0SM9cOFvHcCIhw==", "L0SM9cOFvHcCIh==", "L0SM9cOF+HcCIhw=", "L0SM9cOFvHcCIhw=\n", "L0SM9cOFvHcCIhx="} {
		require.False(t, wellFormed(id), "%q", id)
	}
	require.True(t, wellFormed("L0SM9cOFvHcCIhw="))
}

// The first four bytes count ticks of 25 ms.
func TestIDsCountUpWithTime(t *testing.T) {
	t.Parallel()
	ticks := func() uint32 { return uint32(time.Now().UnixMilli() / 25) }
	for range 100 {
		before := ticks()
		decoded, err := base64.URLEncoding.DecodeString(newID())
		require.NoError(t, err)
		first := binary.BigEndian.Uint32(decoded)
		require.LessOrEqual(t, before, first)
		require.GreaterOrEqual(t, ticks(), first)
	}
}
