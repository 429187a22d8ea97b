package telemetry

import (
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

func delivery(local bool, delay time.Duration) ledger.Delivery {
	return ledger.Delivery{Origin: 0xabc, Local: local, Delay: delay}
}

func TestDeliveriesAreMeasured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Sent()
	f.Received()
	f.Received()
	f.Received()
	f.Delivered(delivery(true, 12500*time.Microsecond), 250*time.Microsecond)
	f.Delivered(delivery(false, 40*time.Millisecond), 2*time.Millisecond)
	f.Delivered(delivery(false, 50*time.Millisecond), 0)
	require.Equal(t, []tagged{{12.5, "local"}, {40, "remote"}, {50, "remote"}}, f.flushed("resp_delay", "origin"))
	require.Equal(t, []tagged{{0.25, ""}, {2, ""}, {0, ""}}, f.found("read_lag", "origin"))
	require.ElementsMatch(t, []tagged{{1, "local"}, {2, "remote"}}, f.found("msg_received", "origin"))
	require.Equal(t, []tagged{{1, ""}}, f.found("ws_msgs_sent"))
	require.Equal(t, []tagged{{3, ""}}, f.found("ws_msgs_received"))
	require.Empty(t, f.found("duplicated"))
	require.Empty(t, f.found("reordered"))
	require.Empty(t, f.found("errors"))
}

// A further copy is a duplicate and nothing else; what came late in line is a delivery.
func TestDuplicatesAreNoDeliveries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	duplicate, reordered := delivery(true, time.Millisecond), delivery(false, time.Millisecond)
	duplicate.Duplicate, duplicate.Reordered = true, true
	reordered.Reordered = true
	f.Delivered(duplicate, 0)
	f.Delivered(reordered, 0)
	require.Equal(t, []tagged{{1, "local"}}, f.flushed("duplicated", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("reordered", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("msg_received", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("resp_delay", "origin"))
	require.Len(t, f.found("read_lag"), 1)
}

// A negative delay keeps its value and is counted; the log tells of its origin once.
func TestNegativeDelaysAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, delay := range []time.Duration{-3, 5, -40, 0} {
		f.Delivered(delivery(true, delay*time.Millisecond), 0)
	}
	f.Finish()
	f.Finish()
	require.Equal(t, []tagged{{2, "ClockSkew"}}, f.found("errors", "error"))
	require.Equal(t, []tagged{{-3, ""}, {5, ""}, {-40, ""}, {0, ""}}, f.found("resp_delay"))
	require.Equal(t, []string{"pushgw: clock skew: 2 of 4 deliveries from origin 00000abc arrived before they were sent, " +
		"by up to 40ms: the publisher's clock is ahead of this host's, or a clock was set"}, f.logged(logrus.WarnLevel))
}

// Skew that is only likely is counted once for each recorder, and logged once for the process.
func TestLikelySkewIsCounted(t *testing.T) {
	t.Parallel()
	process := new(Process)
	for i := range 2 {
		f := newFixtureOf(t, process, RoleListener)
		for range suspectFrom {
			f.Delivered(delivery(false, time.Second), 0)
		}
		f.Finish()
		require.Equal(t, []tagged{{1, "ClockSkew"}}, f.found("errors", "error"))
		require.Len(t, f.logged(logrus.WarnLevel), 1-i)
	}
}

// Much that comes at once is pushed without waiting for the next tick.
func TestManyDeliveriesArePushedAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const each = 2 // observations
	for range flushAt/each - 1 {
		f.Delivered(delivery(true, 0), 0)
	}
	require.Empty(t, f.samples)
	f.Delivered(delivery(true, 0), 0)
	require.Len(t, f.samples, 1)
	require.Len(t, f.found("resp_delay"), flushAt/each)
	duplicate := delivery(true, 0)
	duplicate.Duplicate = true
	f.Delivered(duplicate, 0)
	require.Empty(t, f.samples)
}
