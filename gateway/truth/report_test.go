package truth

import (
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
)

func TestEveryFateIsCounted(t *testing.T) {
	t.Parallel()
	tally, withheld := New(), &Withheld{}
	b := tally.Open(stamped(1), 9)
	b.Delivered(false)
	b.Delivered(true)
	b.Duplicated()
	b.Dropped(withheld)
	b.Dropped(withheld)
	b.Deaf(withheld)
	b.Gone()
	b.Failed()
	want := Counts{Audience: 9, Delivered: 2, Dropped: 2, Deaf: 1, Duplicated: 1, Reordered: 1, Gone: 1, Failed: 1, Pending: 2}
	r := tally.Report()
	require.Equal(t, Totals{Broadcasts: 1, Counts: want}, r.Totals)
	require.Len(t, r.Broadcasts, 1)
	require.Equal(t, "000000ab", r.Broadcasts[0].Origin)
	require.EqualValues(t, 1, r.Broadcasts[0].Sequence)
	require.Equal(t, want, r.Broadcasts[0].Counts)
	require.EqualValues(t, 2, r.Delay.Count)
	require.EqualValues(t, 3, tally.Withheld(withheld))
}

func TestWithoutAStampThereAreOnlyTotals(t *testing.T) {
	t.Parallel()
	tally := New()
	tally.Open([]byte("hello"), 3).Delivered(false)
	r := tally.Report()
	require.Equal(t, Totals{Unstamped: 1, Counts: Counts{Audience: 3, Delivered: 1, Pending: 2}}, r.Totals)
	require.Empty(t, r.Broadcasts)
	require.Zero(t, r.Delay.Count)
}

// A broadcast's distribution has its own delays, the total one all of them.
func TestDelaysAreReported(t *testing.T) {
	t.Parallel()
	tally := New()
	for sequence, age := range map[int]time.Duration{1: time.Hour, 2: 2 * time.Hour} {
		s := stamp.Stamp{Origin: 1, Sequence: uint32(sequence), Sent: time.Now().Add(-age)}
		tally.Open([]byte(s.String()), 1).Delivered(false)
	}
	r := tally.Report()
	require.EqualValues(t, 2, r.Delay.Count)
	require.GreaterOrEqual(t, r.Delay.Max, 2*3600e3)
	for _, b := range r.Broadcasts {
		require.EqualValues(t, 1, b.Delay.Count)
		require.GreaterOrEqual(t, b.Delay.Max, float64(b.Sequence)*3600e3)
		require.Less(t, b.Delay.Max, float64(b.Sequence+1)*3600e3)
	}
}

func TestDelaysAreInMilliseconds(t *testing.T) {
	t.Parallel()
	h := histogram.New()
	for i := range 1000 {
		h.Add(time.Duration(i+1) * time.Millisecond)
	}
	d := delayOf(h)
	require.EqualValues(t, 1000, d.Count)
	require.InDelta(t, 500.5, d.Mean, 1)
	require.InDelta(t, 500, d.P50, 10)
	require.InDelta(t, 900, d.P90, 20)
	require.InDelta(t, 950, d.P95, 20)
	require.InDelta(t, 990, d.P99, 20)
	require.InDelta(t, 1000, d.Max, 0.001)
	require.InDelta(t, 1.235, millis(1_234_567), 1e-9)
}
