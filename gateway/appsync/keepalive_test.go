package appsync

import (
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
)

// Each connection's next ka comes a whole interval after its last one, or after its
// acknowledgement, whatever others have.
func TestKeepAlivesAreDueOneAfterAnother(t *testing.T) {
	t.Parallel()
	k := &keepAlives{interval: time.Hour}
	first, second, left := &connection{}, &connection{}, &connection{}
	for _, c := range []*connection{first, second, left} {
		k.schedule(c)
	}
	k.schedule(first) // as if acknowledged: its earlier one is void
	k.leave(left)
	k.schedule(left)

	due, wait := k.take(time.Now())
	require.Empty(t, due)
	require.InDelta(t, time.Hour, wait, float64(time.Minute))
	due, wait = k.take(second.keepAlive)
	require.Equal(t, []*connection{second}, due)
	require.Positive(t, wait)
	require.Less(t, wait, time.Hour)
	due, wait = k.take(first.keepAlive)
	require.Equal(t, []*connection{first}, due)
	require.Equal(t, time.Hour, wait, "none is left")
	require.Empty(t, k.queue)
}

// While no ka is to be sent they stay scheduled, and go on afterwards.
func TestKeepAlivesGoOnAfterAFault(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{KeepAlive: 20 * time.Millisecond})
	f.fault(`{"stopKeepAlive": true}`)
	conn := f.dial()
	time.Sleep(100 * time.Millisecond)
	require.Zero(t, f.gateway.Hub.Counters.FramesOut.Load())
	f.faults.Set(fault.Settings{})
	require.JSONEq(t, `{"type":"ka"}`, receive(t, conn))
	require.JSONEq(t, `{"type":"ka"}`, receive(t, conn))
}
