package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Listeners that wait for broadcasts go when the only process that asked for them has withdrawn,
// and asks no more.
func TestWithdrawals(t *testing.T) {
	t.Parallel()
	const other = 98
	roll := func(origin, number uint32) func(w *abroad) {
		return func(w *abroad) { w.told(&stamp.Roll{Run: ourRun, Asker: origin, Number: number, Sent: time.Now()}) }
	}
	withdrawal := func(origin, number uint32) func(w *abroad) {
		return func(w *abroad) { w.told(&stamp.Withdrawal{Run: ourRun, Asker: origin, Roll: number}) }
	}
	waits := func(d time.Duration) func(w *abroad) {
		return func(w *abroad) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second) {
				w.attendance.Settle(time.Now())
			}
		}
	}
	for name, test := range map[string]struct {
		story []func(w *abroad)
		over  bool
	}{
		"nobody has asked":     {nil, false},
		"it asks":              {[]func(*abroad){roll(99, 1)}, false},
		"it has withdrawn":     {[]func(*abroad){roll(99, 1), withdrawal(99, 1)}, true},
		"its rolls were lost":  {[]func(*abroad){withdrawal(99, 1)}, true},
		"an old one came late": {[]func(*abroad){roll(99, 2), withdrawal(99, 2), roll(99, 1)}, true},
		"it asks again":        {[]func(*abroad){roll(99, 1), withdrawal(99, 1), waits(secondThoughts - time.Second), roll(99, 2)}, false},
		"that came first":      {[]func(*abroad){roll(99, 1), roll(99, 2), withdrawal(99, 1)}, false},
		"it broadcasts all the same": {[]func(*abroad){roll(99, 1), withdrawal(99, 1), func(w *abroad) {
			w.told(w.opening(1, 1))
		}}, false},
		"another asks":              {[]func(*abroad){roll(99, 1), roll(other, 1), withdrawal(99, 1)}, false},
		"both have withdrawn":       {[]func(*abroad){roll(99, 1), roll(other, 1), withdrawal(99, 1), waits(time.Minute), withdrawal(other, 1)}, true},
		"another run's has":         {[]func(*abroad){func(w *abroad) { w.told(&stamp.Withdrawal{Run: ourRun + 1, Asker: 99, Roll: 1}) }}, false},
		"a barrier here waits":      {[]func(*abroad){withdrawal(99, 1), func(w *abroad) { w.audience.Expect() }}, false},
		"a barrier here is reached": {[]func(*abroad){withdrawal(99, 1), func(w *abroad) { w.audience.Expect()(true) }}, false},
		"what it opened here is over": {[]func(*abroad){withdrawal(99, 1), func(w *abroad) {
			w.audience.Expect()(true)
			w.audience.OpenSeries(0, settle).Close()
		}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goAbroad(t, 1, func(w *abroad) {
				f := NewFinale()
				f.Watch(w.audience)
				for _, happens := range test.story {
					happens(w)
				}
				waits(secondThoughts + quiet)(w)
				time.Sleep(quiet)
				assert.Equal(t, test.over, f.Over(time.Now()))
				waits(time.Minute)(w)
				assert.Equal(t, test.over, f.Over(time.Now()))
			})
		})
	}
}

// A publisher that is silent in the midst of a series for long enough is gone, which is said once.
func TestPublishersThatFallSilent(t *testing.T) {
	t.Parallel()
	closing := func(last, end uint32, final bool) func(w *abroad) {
		return func(w *abroad) {
			c := w.closing(last)
			c.End, c.Final = end, final
			w.told(c)
		}
	}
	opening := func(w *abroad) { w.told(w.opening(1, 3)) }
	reads := func(sequence uint32) func(w *abroad) {
		return func(w *abroad) { w.hears(w.stamp(sequence, 3), heard, 0) }
	}
	for name, test := range map[string]struct {
		story        []func(w *abroad)
		silent, over bool
	}{
		"only its opening was read":     {[]func(*abroad){opening}, true, true},
		"two of three were read":        {[]func(*abroad){opening, reads(1), reads(2)}, true, true},
		"all were read":                 {[]func(*abroad){opening, reads(1), reads(2), reads(3)}, false, true},
		"the end was read":              {[]func(*abroad){opening, reads(1), closing(1, 1, true)}, false, true},
		"a sign of life was read":       {[]func(*abroad){reads(1), closing(1, 3, false)}, true, true},
		"nobody knows of a series":      {[]func(*abroad){reads(1)}, false, false},
		"all of an endless one":         {[]func(*abroad){func(w *abroad) { w.told(w.opening(1, 0)) }, func(w *abroad) { w.hears(w.stamp(1, 1), heard, 0) }}, true, true},
		"an endless one that has ended": {[]func(*abroad){func(w *abroad) { w.told(w.opening(1, 0)) }, closing(1, 1, true)}, false, true},
		"another run's":                 {[]func(*abroad){opening, func(w *abroad) { o := w.opening(1, 3); o.Run++; w.told(o) }}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goAbroad(t, 1, func(w *abroad) {
				f := NewFinale()
				f.Watch(w.audience)
				for _, happens := range test.story {
					happens(w)
				}
				for began := time.Now(); time.Since(began) < goneAfter-time.Second; time.Sleep(time.Second) {
					_, silent := w.attendance.Settle(time.Now())
					require.Empty(t, silent)
				}
				time.Sleep(2 * time.Second)
				_, silent := w.attendance.Settle(time.Now())
				assert.Equal(t, test.silent, len(silent) == 1)
				time.Sleep(quiet)
				assert.Equal(t, test.over, f.Over(time.Now()))
				time.Sleep(goneAfter)
				_, silent = w.attendance.Settle(time.Now())
				assert.Empty(t, silent, "it was said already")
				if test.silent {
					assert.Empty(t, w.ends().Unclosed, "it was said already")
				}
			})
		})
	}
}

// Signs of life keep a series open, and open it again that had seemed to be at its end.
func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	goAbroad(t, 1, func(w *abroad) {
		f := NewFinale()
		f.Watch(w.audience)
		sign := func() {
			c := w.closing(1)
			c.Number, c.End, c.Final = uint32(time.Now().Unix()), 3, false
			w.told(c)
		}
		w.told(w.opening(1, 3))
		w.hears(w.stamp(1, 3), heard, 0)
		for range 20 {
			time.Sleep(goneAfter - time.Second)
			sign()
			_, silent := w.attendance.Settle(time.Now())
			require.Empty(t, silent)
			require.False(t, f.Over(time.Now()))
		}
		time.Sleep(goneAfter)
		_, silent := w.attendance.Settle(time.Now())
		require.Equal(t, []uint32{w.origin}, silent)
		sign()
		time.Sleep(quiet)
		require.False(t, f.Over(time.Now()), "it was only slow")
		w.told(w.closing(1))
		time.Sleep(quiet)
		require.True(t, f.Over(time.Now()))
		require.Empty(t, w.ends().Unclosed)
	})
}
