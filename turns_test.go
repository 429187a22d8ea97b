package pushgw

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTurnsComeOneAfterAnother(t *testing.T) {
	t.Parallel()
	var line turns
	one, two, three := line.next(), line.next(), line.next()
	require.Equal(t, []int{1, 2, 3}, []int{one.number, two.number, three.number})
	require.True(t, one.come())
	require.False(t, two.come())
	one.end()
	require.True(t, two.come())
	require.NoError(t, two.wait(t.Context()))
	require.False(t, three.come())
	stopped, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, three.wait(stopped), context.Canceled)
	require.NoError(t, one.wait(stopped), "it had come before")
	two.end()
	three.end()
	require.True(t, line.next().come())
}
