package realtime

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each connection's next ka comes a whole interval after it was scheduled, whatever others have.
func TestKeepAlivesAreDueOneAfterAnother(t *testing.T) {
	t.Parallel()
	k := &KeepAlives{interval: time.Hour}
	first, second, left := &KeptAlive{}, &KeptAlive{}, &KeptAlive{}
	for _, c := range []*KeptAlive{first, second, left} {
		k.Schedule(c)
	}
	k.Schedule(first) // as if acknowledged: its earlier one is void
	k.Leave(left)
	k.Schedule(left)

	due, wait := k.take(time.Now())
	require.Empty(t, due)
	require.InDelta(t, time.Hour, wait, float64(time.Minute))
	due, wait = k.take(second.due)
	require.Equal(t, []*KeptAlive{second}, due)
	require.Positive(t, wait)
	require.Less(t, wait, time.Hour)
	due, wait = k.take(first.due)
	require.Equal(t, []*KeptAlive{first}, due)
	require.Equal(t, time.Hour, wait, "none is left")
	require.Empty(t, k.queue)
}
