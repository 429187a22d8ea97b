package telemetry

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogOnce(t *testing.T) {
	t.Parallel()
	var p Process
	require.True(t, p.LogOnce("a"))
	require.False(t, p.LogOnce("a"))
	require.True(t, p.LogOnce("b"))
	require.False(t, p.LogOnce("b"))
	require.False(t, p.LogOnce("a"))
}

// Keys that others choose are bounded, and keep no other key from being logged.
func TestForeignKeysAreBounded(t *testing.T) {
	t.Parallel()
	var p Process
	logged := 0
	for range 2 {
		for i := range 10 * maxForeign {
			if p.LogForeignOnce(strconv.Itoa(i)) {
				logged++
			}
		}
	}
	require.Equal(t, maxForeign, logged)
	require.EqualValues(t, maxForeign, logged)
	require.True(t, p.LogOnce("a"))
	require.False(t, p.LogOnce("a"))
	require.False(t, p.LogForeignOnce("b"))

	var q Process
	require.True(t, q.LogForeignOnce("a"))
	for range maxForeign {
		require.False(t, q.LogForeignOnce("a"))
	}
	require.True(t, q.LogForeignOnce("b"), "one key is counted once")
}
