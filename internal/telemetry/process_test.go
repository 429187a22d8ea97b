package telemetry

import (
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
