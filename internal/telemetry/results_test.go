package telemetry

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

func TestResultsAreMeasured(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Settled(&ledger.Result{
		Sent: 2, Expected: 6, Received: 3, Lost: 2, Indeterminate: 1, Duplicated: 7, Reordered: 8,
		Fanouts: []ledger.Fanout{{First: time.Millisecond, Last: 1500 * time.Microsecond}, {First: 3 * time.Millisecond, Last: time.Second}},
	})
	require.Equal(t, []tagged{{1, ""}, {3, ""}}, f.found("fanout_first"))
	require.Equal(t, []tagged{{1.5, ""}, {1000, ""}}, f.found("fanout_last"))
	require.Equal(t, []tagged{{2, ""}}, f.found("lost"))
	require.Equal(t, []tagged{{1, ""}}, f.found("indeterminate"))
	require.Equal(t, []tagged{{0, "local"}}, f.found("duplicated", "origin"), "they were counted as they came")
	require.Equal(t, []tagged{{0, "local"}}, f.found("reordered", "origin"))
	require.Equal(t, []tagged{{1, ""}, {1, ""}, {1, ""}, {0, ""}, {0, ""}}, f.found("reach"))
}

// There is one value for each delivery, however many there are.
func TestReachOfMany(t *testing.T) {
	t.Parallel()
	const received, lost = 2*flushAt + 3, flushAt
	f := newFixture(t)
	f.Settled(&ledger.Result{Received: received, Lost: lost})
	require.Len(t, f.samples, 3+1+1)
	require.Equal(t, slices.Concat(slices.Repeat([]tagged{{1, ""}}, received), slices.Repeat([]tagged{{0, ""}}, lost)), f.found("reach"))
}

func TestResultOfNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Settled(&ledger.Result{})
	require.Equal(t, []tagged{{0, ""}}, f.found("lost"))
	require.Empty(t, f.found("reach"))
	require.Empty(t, f.found("fanout_first"))
}

func TestDeafListenersAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.CountDeaf(2)
	f.CountDeaf(3)
	require.Equal(t, []tagged{{5, ""}}, f.flushed("deaf"))
}
