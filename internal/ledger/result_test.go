package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFanoutsAndQuantiles(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	members := listeners(audience, 100)
	series := audience.OpenSeries(0, settle)
	near, unheard, far := series.Publish(time.Now()), series.Publish(time.Now()), series.Publish(time.Now())
	for i, m := range members {
		delay := time.Duration(i+1) * time.Millisecond
		ledger.Deliver(m, near, near.Sent.Add(delay))
		ledger.Deliver(m, near, near.Sent.Add(time.Hour)) // duplicates don't count
		ledger.Deliver(m, far, far.Sent.Add(2*delay))
	}
	series.Retract(unheard)
	result := series.Close()
	assert.Equal(t, []Fanout{
		{First: time.Millisecond, Last: 100 * time.Millisecond},
		{First: 2 * time.Millisecond, Last: 200 * time.Millisecond},
	}, fanouts(&result.Rest))
	assert.Equal(t, Fanout{First: 2 * time.Millisecond, Last: 200 * time.Millisecond}, result.Slowest)
	assert.Equal(t, 2, result.Reached)
	assert.InEpsilon(t, 67*time.Millisecond, result.P50, 0.02)
	assert.InEpsilon(t, 198*time.Millisecond, result.P99, 0.02)
}

func TestNobodyWasReached(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	listeners(audience, 3)
	series := audience.OpenSeries(0, settle)
	sent := series.Publish(time.Now())
	result := series.Close()
	assert.Equal(t, Result{
		Origin: sent.Origin, Planned: 1, Sent: 1, Expected: 3, Lost: 3,
		Rest: Settlement{Broadcasts: []Settled{{Origin: sent.Origin, Sequence: 1, Sent: sent.Sent.Local(), Expected: 3, Lost: 3}}},
	}, result)
}

// A broadcast that only reached listeners it wasn't due to has reached somebody.
func TestFanoutToListenersThatJoined(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	series := audience.OpenSeries(0, settle)
	one := series.Publish(time.Now())
	ledger.Deliver(listeners(audience, 1)[0], one, one.Sent.Add(time.Millisecond))
	result := series.Close()
	assert.Equal(t, counts{sent: 1, expected: 1, indeterminate: 1}, countsOf(&result))
	assert.Equal(t, Fanout{First: time.Millisecond, Last: time.Millisecond}, result.Slowest)
}

// A clock that is set back makes delays negative. They are reported as they are.
func TestNegativeDelays(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	series := audience.OpenSeries(0, settle)
	for _, delay := range []time.Duration{-500 * time.Millisecond, -400 * time.Millisecond} {
		one := series.Publish(time.Now())
		assert.Equal(t, delay, ledger.Deliver(member, one, one.Sent.Add(delay)).Delay)
	}
	result := series.Close()
	assert.Equal(t, Fanout{First: -400 * time.Millisecond, Last: -400 * time.Millisecond}, result.Slowest)
	assert.Equal(t, []Fanout{{First: -500 * time.Millisecond, Last: -500 * time.Millisecond}, {First: -400 * time.Millisecond, Last: -400 * time.Millisecond}}, fanouts(&result.Rest))
}

// fanouts are those of the broadcasts that reached anybody.
func fanouts(s *Settlement) (all []Fanout) {
	for _, b := range s.Broadcasts {
		if b.Reached {
			all = append(all, b.Fanout)
		}
	}
	return all
}
