package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
