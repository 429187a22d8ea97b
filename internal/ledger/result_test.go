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
	account := audience.OpenSeries(0)
	near, unheard, far := account.Publish(time.Now()), account.Publish(time.Now()), account.Publish(time.Now())
	for i, m := range members {
		delay := time.Duration(i+1) * time.Millisecond
		ledger.Deliver(m, near, near.Sent.Add(delay))
		ledger.Deliver(m, near, near.Sent.Add(time.Hour)) // duplicates don't count
		ledger.Deliver(m, far, far.Sent.Add(2*delay))
	}
	account.Retract(unheard)
	result := account.Close()
	assert.Equal(t, []Fanout{
		{First: time.Millisecond, Last: 100 * time.Millisecond},
		{First: 2 * time.Millisecond, Last: 200 * time.Millisecond},
	}, result.Fanouts)
	assert.Equal(t, Fanout{First: 2 * time.Millisecond, Last: 200 * time.Millisecond}, result.Slowest())
	assert.InEpsilon(t, 67*time.Millisecond, result.P50, 0.02)
	assert.InEpsilon(t, 198*time.Millisecond, result.P99, 0.02)
}

func TestNobodyWasReached(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	listeners(audience, 3)
	account := audience.OpenSeries(0)
	account.Publish(time.Now())
	result := account.Close()
	assert.Equal(t, Result{Sent: 1, Expected: 3, Lost: 3}, result)
	assert.Zero(t, result.Slowest())
}

// A clock that is set back makes delays negative. They are told as they are.
func TestNegativeDelays(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	account := audience.OpenSeries(0)
	for _, delay := range []time.Duration{-500 * time.Millisecond, -400 * time.Millisecond} {
		s := account.Publish(time.Now())
		assert.Equal(t, delay, ledger.Deliver(member, s, s.Sent.Add(delay)).Delay)
	}
	result := account.Close()
	assert.Equal(t, Fanout{First: -400 * time.Millisecond, Last: -400 * time.Millisecond}, result.Slowest())
	assert.Negative(t, result.Fanouts[0].First)
}

// The intended send time is the stamp's, to the microsecond.
func TestDelaysCountFromTheIntendedTime(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	intended := time.Now().Add(-time.Second)
	s := audience.OpenSeries(0).Publish(intended)
	assert.Less(t, intended.Sub(s.Sent), time.Microsecond)
	delivery := ledger.Deliver(member, s, intended.Add(3*time.Second))
	assert.InDelta(t, 3*time.Second, delivery.Delay, float64(time.Microsecond))
}

func listeners(audience *Audience, n int) []*Member {
	members := make([]*Member, n)
	for i := range members {
		members[i] = audience.Enter()
		members[i].Ready()
	}
	return members
}
