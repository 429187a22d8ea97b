package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestRemoteClock(t *testing.T) {
	t.Parallel()
	var c remoteClock
	c.init()
	requireBounds := func(wantLeast, wantMost instant, lies bool) {
		t.Helper()
		least, most := c.bounds()
		require.Equal(t, []instant{wantLeast, wantMost}, []instant{least, most})
		require.Equal(t, lies, c.lies())
	}
	requireBounds(longAgo, farAhead, false)
	since, until := c.here(5, 6)
	require.Equal(t, []instant{longAgo, farAhead}, []instant{since, until})

	c.arrived(100, 150)
	c.arrived(200, 260) // slower
	requireBounds(longAgo, 50, false)
	c.trust(30)
	requireBounds(-30, 30, false)
	c.arrived(300, 310)
	requireBounds(-30, 10, false)
	c.reached(400, 420)
	requireBounds(-20, 10, false)
	since, until = c.here(1000, 2000)
	require.Equal(t, []instant{980, 2010}, []instant{since, until})
	since, until = c.here(longAgo, farAhead)
	require.Equal(t, []instant{longAgo, farAhead}, []instant{since, until})

	// Messages that arrived before they were sent, if the kernels were right.
	c.arrived(500, 460)
	requireBounds(-20, -40, true)
}

// Where the kernels' clocks can't both be right, causality is believed, and the account
// says so.
func TestClocksThatLie(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		w.ledger.SetRun(Run{ID: ourRun, Process: 2, ClockError: time.Millisecond})
		opening := w.opening(1, 1)
		opening.ClockError = time.Millisecond
		opening.Sent = opening.Sent.Add(time.Hour)
		w.told(opening)
		one := w.stamp(1, 1)
		one.Sent = one.Sent.Add(time.Hour)
		w.hears(one, heard, 0)
		w.requireRows(w.settles(), row{sequence: 1, received: 1})
		require.Equal(t, Ending{}, w.ends())
		require.Len(t, w.clocks, 1)
		require.True(t, w.clocks[0].Lies)
		require.True(t, w.clocks[0].Excludes())
		require.Equal(t, -time.Hour, *w.clocks[0].Most)
	})
}

// What is known of two clocks in the end is what the one shows less what the other does, also
// where a test has shifted this one.
func TestTheDifferenceOfTwoClocks(t *testing.T) {
	t.Parallel()
	var c remoteClock
	c.init()
	nothing := c.difference(7, time.Hour)
	require.Equal(t, ClockDifference{Origin: 7}, nothing)
	require.False(t, nothing.Excludes())
	c.arrived(100, 150)
	within := c.difference(7, 0)
	require.Equal(t, time.Duration(50), *within.Most)
	require.Nil(t, within.Least)
	require.False(t, within.Excludes())
	c.reached(150, 170)
	ahead := c.difference(7, 21)
	require.Equal(t, []time.Duration{1, 71}, []time.Duration{*ahead.Least, *ahead.Most})
	require.True(t, ahead.Excludes())
	behind := c.difference(7, -51)
	require.True(t, behind.Excludes())
}

// A roll bounds its asker's clock before anything is broadcast, and is no broadcast.
func TestARollBoundsTheClock(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		w.told(&stamp.Roll{Run: ourRun, Asker: w.origin, Number: 1, Sent: time.Now().Add(-7 * time.Millisecond)})
		require.Equal(t, Ending{Unheard: true, Awaited: true}, w.ends(), "who asks may have broadcast nothing, or nobody has heard it")
		require.Empty(t, w.clocks)
	})
	goAbroad(t, 1, func(w *abroad) {
		w.told(&stamp.Roll{Run: ourRun, Asker: w.origin, Number: 1, Sent: time.Now().Add(-7 * time.Millisecond)})
		w.hears(w.stamp(1, 1), heard, 0) // which takes longer
		w.settles()
		require.Equal(t, Ending{}, w.ends())
		require.Equal(t, 7*time.Millisecond, *w.clocks[0].Most)
	})
}
