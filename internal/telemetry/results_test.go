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
		Planned: 9, Sent: 2, Unsent: 7, Expected: 9, Received: 3, Lost: 5, Cut: 2, Missed: 4, Indeterminate: 1, Late: 6, Duplicated: 7, Reordered: 8,
		Fanouts: []ledger.Fanout{{First: time.Millisecond, Last: 1500 * time.Microsecond}, {First: 3 * time.Millisecond, Last: time.Second}},
	})
	require.Equal(t, []tagged{{1, ""}, {3, ""}}, f.found("fanout_first"))
	require.Equal(t, []tagged{{1.5, ""}, {1000, ""}}, f.found("fanout_last"))
	require.ElementsMatch(t, []tagged{{2, "cut"}, {3, "missing"}}, f.found("lost", "cause"))
	require.Equal(t, []tagged{{4, ""}}, f.found("missed"))
	require.Equal(t, []tagged{{7, ""}}, f.found("unsent"))
	require.Equal(t, []tagged{{1, ""}}, f.found("indeterminate"))
	require.Equal(t, []tagged{{0, "local"}}, f.found("duplicated", "origin"), "they were counted as they came")
	require.Equal(t, []tagged{{0, "local"}}, f.found("reordered", "origin"))
	require.Equal(t, []tagged{{1, ""}, {1, ""}, {1, ""}, {0, ""}, {0, ""}, {0, ""}, {0, ""}, {0, ""}}, f.found("reach"))
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
