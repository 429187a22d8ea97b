package truth

import (
	"sync"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
)

func stamped(sequence int) []byte {
	return stamp.Stamp{Origin: 0xab, Sequence: uint32(sequence), Sent: time.Now()}.Append([]byte("x "))
}

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

func TestBroadcastsOfOneStampAreOne(t *testing.T) {
	t.Parallel()
	tally := New()
	require.Same(t, tally.Open(stamped(1), 2), tally.Open(append(stamped(1), stamped(2)...), 3))
	require.EqualValues(t, 1, tally.Report().Totals.Broadcasts)
	require.EqualValues(t, 5, tally.Report().Broadcasts[0].Audience)
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

func TestOnlyTheLatestAremaxRecentInDetail(t *testing.T) {
	t.Parallel()
	const more = 100
	tally := New()
	for i := range maxRecent + more {
		tally.Open(stamped(i+1), 1).Delivered(false)
	}
	r := tally.Report()
	require.Len(t, r.Broadcasts, maxRecent)
	require.EqualValues(t, more+1, r.Broadcasts[0].Sequence)
	require.EqualValues(t, maxRecent+more, r.Broadcasts[maxRecent-1].Sequence)
	require.EqualValues(t, maxRecent+more, r.Totals.Broadcasts)
	require.EqualValues(t, maxRecent+more, r.Totals.Delivered)
	require.EqualValues(t, maxRecent+more, r.Delay.Count)
}

// What was pending when the counts were reset is not in the new ones.
func TestForget(t *testing.T) {
	t.Parallel()
	tally, withheld := New(), &Withheld{}
	before := tally.Open(stamped(1), 3)
	before.Dropped(withheld)
	tally.Forget()
	require.Zero(t, tally.Withheld(withheld))
	after := tally.Open(stamped(2), 1)
	after.Deaf(withheld)
	before.Dropped(withheld)
	before.Delivered(false)
	require.EqualValues(t, 1, tally.Withheld(withheld))
	require.Equal(t, Totals{Broadcasts: 1, Counts: Counts{Audience: 1, Deaf: 1}}, tally.Report().Totals)
}

func TestManyMayCountAtOnce(t *testing.T) {
	t.Parallel()
	const counters, times = 8, 1000
	tally, withheld := New(), &Withheld{}
	var all sync.WaitGroup
	for range counters {
		all.Go(func() {
			for i := range times {
				if i == times/2 {
					tally.Report()
				}
				b := tally.Open(stamped(i+1), 2)
				b.Delivered(false)
				b.Dropped(withheld)
			}
		})
	}
	all.Wait()
	total := tally.Report().Totals
	require.Equal(t, Counts{Audience: 2 * counters * times, Delivered: counters * times, Dropped: counters * times}, total.Counts)
	require.EqualValues(t, times, total.Broadcasts)
	require.EqualValues(t, counters*times, tally.Withheld(withheld))
}

func TestAnEchoIsCountedBesides(t *testing.T) {
	t.Parallel()
	tally, withheld := New(), &Withheld{}
	b := tally.Open(stamped(1), 3)
	b.Delivered(false)
	b.Dropped(withheld)
	echo := b.Echo()
	echo.Delivered(true)
	echo.Duplicated()
	r := tally.Report()
	require.Equal(t, Counts{Audience: 3, Delivered: 2, Dropped: 1, Reordered: 1, Duplicated: 1}, r.Totals.Counts)
	require.Equal(t, Counts{Audience: 1, Delivered: 1, Reordered: 1, Duplicated: 1}, r.Echoes)
	require.Equal(t, r.Totals.Counts, r.Broadcasts[0].Counts)
	require.EqualValues(t, 1, r.Delay.Count, "the echo's delay is no listener's")
}
