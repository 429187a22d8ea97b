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
		Planned: 9, Sent: 2, Unsent: 7, Broadcasts: []ledger.Settled{
			{
				Expected: 7, Received: 2, Lost: 4, Cut: 1, Missed: 4, Indeterminate: 1, Late: 6, Duplicated: 7, Reordered: 8,
				Reached: true, Fanout: ledger.Fanout{First: time.Millisecond, Last: 1500 * time.Microsecond},
			},
			{Expected: 2, Received: 1, Lost: 1, Cut: 1, Reached: true, Fanout: ledger.Fanout{First: 3 * time.Millisecond, Last: time.Second}},
			{Expected: 0},
		},
	})
	require.Equal(t, []tagged{{1, "local"}, {3, "local"}}, f.found("fanout_first", "origin"))
	require.Equal(t, []tagged{{1.5, "local"}, {1000, "local"}}, f.found("fanout_last", "origin"))
	require.ElementsMatch(t, []tagged{{2, "cut local"}, {3, "missing local"}}, f.found("lost", "cause", "origin"))
	require.Equal(t, []tagged{{4, "local"}}, f.found("missed", "origin"))
	require.Equal(t, []tagged{{7, ""}}, f.found("unsent"))
	require.Equal(t, []tagged{{1, "local"}}, f.found("indeterminate", "origin"))
	require.Equal(t, []tagged{{0, "local"}}, f.found("duplicated", "origin"), "they were counted as they came")
	require.Equal(t, []tagged{{0, "local"}}, f.found("reordered", "origin"))
	require.ElementsMatch(t, slices.Concat(slices.Repeat([]tagged{{1, "local"}}, 3), slices.Repeat([]tagged{{0, "local"}}, 5)), f.found("reach", "origin"))
}

// There is one value for each delivery, however many there are.
func TestReachOfMany(t *testing.T) {
	t.Parallel()
	const received, lost = 2*flushAt + 3, flushAt
	f := newFixture(t)
	f.Settled(&ledger.Result{Broadcasts: []ledger.Settled{{Received: received, Lost: lost}}})
	require.Len(t, f.samples, 3+1+1)
	require.Equal(t, slices.Concat(slices.Repeat([]tagged{{1, ""}}, received), slices.Repeat([]tagged{{0, ""}}, lost)), f.found("reach"))
}

func TestResultOfNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Settled(&ledger.Result{})
	require.ElementsMatch(t, []tagged{{0, "cut"}, {0, "missing"}}, f.found("lost", "cause"))
	require.Equal(t, []tagged{{0, ""}}, f.found("missed"))
	require.Equal(t, []tagged{{0, ""}}, f.found("unsent"))
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
