package telemetry

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

func TestSettledBroadcastsAreMeasured(t *testing.T) {
	t.Parallel()
	for origin, local := range map[string]bool{"local": true, "remote": false} {
		f := newFixture(t)
		f.Settled([]ledger.Settled{
			{
				Expected: 8, Received: 2, Lost: 5, Cut: 2, Missed: 4, Indeterminate: 1, Late: 6, Duplicated: 7, Reordered: 8,
				Reached: true, Fanout: ledger.Fanout{First: time.Millisecond, Last: 1500 * time.Microsecond},
			},
			{Expected: 1, Received: 1, Reached: true, Fanout: ledger.Fanout{First: 3 * time.Millisecond, Last: time.Second}},
			{Missed: 1},
		}, local)
		require.Equal(t, []tagged{{1, origin}, {3, origin}}, f.found("fanout_first", "origin"))
		require.Equal(t, []tagged{{1.5, origin}, {1000, origin}}, f.found("fanout_last", "origin"))
		require.ElementsMatch(t, []tagged{{2, "cut " + origin}, {3, "missing " + origin}}, f.found("lost", "cause", "origin"))
		require.Equal(t, []tagged{{5, origin}}, f.found("missed", "origin"))
		require.Equal(t, []tagged{{1, origin}}, f.found("indeterminate", "origin"))
		require.Empty(t, f.found("duplicated"), "they were counted as they came")
		require.Empty(t, f.found("reordered"))
		require.Equal(t, slices.Concat(slices.Repeat([]tagged{{1, origin}}, 3), slices.Repeat([]tagged{{0, origin}}, 5)), f.found("reach", "origin"))
	}
}

// What has settled is pushed at once, so that it has the time at which it did.
func TestNothingSettledIsNothingPushed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Settled(nil, true)
	require.Empty(t, f.samples)
}

// There is one value for each delivery, however many there are.
func TestReachOfMany(t *testing.T) {
	t.Parallel()
	const received, lost = 2*flushAt + 3, flushAt
	f := newFixture(t)
	f.Settled([]ledger.Settled{{Received: received - 1, Lost: lost}, {Received: 1}}, true)
	require.Len(t, f.samples, 3+1+1)
	require.Equal(t, slices.Concat(slices.Repeat([]tagged{{1, ""}}, received), slices.Repeat([]tagged{{0, ""}}, lost)), f.found("reach"))
}

// The end of a series tells what hasn't been told before.
func TestTheEndOfASeries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SeriesEnded(&ledger.Result{
		Sent: 9, Unsent: 3, Lost: 8,
		Rest: ledger.Settlement{Unsent: 2, Broadcasts: []ledger.Settled{{Expected: 1, Lost: 1}}},
	}, 12)
	require.ElementsMatch(t, []tagged{{0, "cut"}, {1, "missing"}}, f.found("lost", "cause"))
	require.Equal(t, []tagged{{2, ""}}, f.found("unsent"))
}

func TestASeriesOfNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.SeriesEnded(&ledger.Result{}, 0)
	require.ElementsMatch(t, []tagged{{0, "cut"}, {0, "missing"}}, f.found("lost", "cause"))
	require.Equal(t, []tagged{{0, ""}}, f.found("missed"))
	require.Equal(t, []tagged{{0, ""}}, f.found("unsent"))
	for _, metric := range []string{"missed", "duplicated", "reordered", "indeterminate"} {
		require.Equal(t, []tagged{{0, "local"}}, f.found(metric, "origin"))
	}
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
