package truth

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyTheLatestAreReportedOneByOne(t *testing.T) {
	t.Parallel()
	const opened = 2*maxRecent + 100 // the ring goes around twice
	tally := New()
	for i := range opened {
		tally.Open(stamped(i+1), 1).Delivered(false)
	}
	r := tally.Report()
	require.Len(t, r.Broadcasts, maxRecent)
	for i, b := range r.Broadcasts {
		require.EqualValues(t, opened-maxRecent+1+i, b.Sequence)
		require.EqualValues(t, 1, b.Delivered)
	}
	require.EqualValues(t, opened, r.Totals.Broadcasts)
	require.EqualValues(t, opened, r.Totals.Delivered)
	require.EqualValues(t, opened, r.Delay.Count)
	require.Len(t, tally.current.Load().recent, maxRecent, "the older ones are not kept")
}
