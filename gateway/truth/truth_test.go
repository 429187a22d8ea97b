package truth

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestBroadcastsOfOneStampAreOne(t *testing.T) {
	t.Parallel()
	tally := New()
	require.Same(t, tally.Open(stamped(1), 2), tally.Open(append(stamped(1), stamped(2)...), 3))
	require.EqualValues(t, 1, tally.Report().Totals.Broadcasts)
	require.EqualValues(t, 5, tally.Report().Broadcasts[0].Audience)
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

func TestAnEchoIsCountedTwice(t *testing.T) {
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

// Control tokens are no broadcasts, and what becomes of them is counted apart.
func TestControlTokensAreCountedApart(t *testing.T) {
	t.Parallel()
	tally, withheld := New(), &Withheld{}
	token := []byte(stamp.WriteControl(&stamp.Roll{Run: 1}, nil))
	b := tally.Open(token, 3)
	b.Delivered(false)
	b.Dropped(withheld)
	b.Echo().Delivered(false)
	both := tally.Open(append(token, stamped(1)...), 2)
	both.Delivered(false)
	r := tally.Report()
	require.Equal(t, Control{Messages: 1, Counts: Counts{Audience: 3, Delivered: 2, Dropped: 1}}, r.Control)
	require.Equal(t, Totals{Broadcasts: 1, Counts: Counts{Audience: 2, Delivered: 1, Pending: 1}}, r.Totals)
	require.Zero(t, r.Echoes)
	require.Zero(t, tally.Withheld(withheld))
	tally.Forget()
	require.Zero(t, tally.Report().Control)
}

// Random choices depend on these numbers, so no two broadcasts have the same.
func TestBroadcastsAreNumbered(t *testing.T) {
	t.Parallel()
	tally := New()
	require.EqualValues(t, 1, tally.Open([]byte("no stamp"), 1).Number)
	require.EqualValues(t, 2, tally.Open(stamped(1), 1).Number)
	tally.Forget()
	b := tally.Open(stamped(2), 1)
	require.EqualValues(t, 3, b.Number)
	require.EqualValues(t, 3, b.Echo().Number)
}
