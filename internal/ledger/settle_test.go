package ledger

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// The tests below run in bubbles, in which time passes only while everything waits. So
// they know to the tick when Settle returns.

// settling runs Settle and returns a function that waits for it, and says for how long
// it ran.
func settling(ctx context.Context, s *Series) (ran func() time.Duration) {
	done := make(chan time.Duration, 1)
	go func() {
		began := time.Now()
		s.Settle(ctx)
		done <- time.Since(began)
	}()
	return func() time.Duration { return <-done }
}

// offTick puts what a test does between two ticks, so that it is certain which one sees it.
const offTick = settleTick / 2

func TestSettleEndsWhenNothingIsOutstanding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 3)
		s := audience.OpenSeries(0, time.Minute)
		one, two, three := s.Publish(time.Now()), s.Publish(time.Now()), s.Publish(time.Now())
		s.Retract(two)
		ran := settling(t.Context(), s)
		for _, m := range members[:2] {
			ledger.Deliver(m, one, time.Now())
			ledger.Deliver(m, three, time.Now())
		}
		time.Sleep(time.Second + offTick)
		members[2].listener.Leave(Local)
		assert.Equal(t, time.Second+settleTick, ran(), "what is a copy of the last delivery has come by then")
		result := s.Close()
		assert.Equal(t, counts{sent: 2, unsent: 1, expected: 6, received: 4, indeterminate: 2}, countsOf(&result))
	})
}

func TestSettleWaitsForDuplicatesOnlyWhenNothingIsExpected(t *testing.T) {
	t.Parallel()
	for settle, want := range map[time.Duration]time.Duration{
		0: 0, grace / 5: grace / 5, grace: grace, time.Minute: grace,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := New().Audience(room).OpenSeries(0, settle)
			assert.Equal(t, want, settling(t.Context(), s)())
			s.Publish(time.Now())
			assert.Equal(t, want, settling(t.Context(), s)())
			result := s.Close()
			assert.Equal(t, counts{sent: 1, unheard: 1}, countsOf(&result))
		})
	}
}

// After the last delivery there may be duplicates, and each may be followed by another.
func TestSettleCountsDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ledger := New()
		audience := ledger.Audience(room)
		member := listeners(audience, 1)[0]
		s := audience.OpenSeries(0, time.Minute)
		one := s.Publish(time.Now())
		ledger.Deliver(member, one, time.Now())
		ran := settling(t.Context(), s)
		const pause, copies = grace - 2*settleTick, 3
		time.Sleep(offTick)
		for range copies {
			time.Sleep(pause)
			ledger.Deliver(member, one, time.Now())
		}
		assert.Equal(t, pause*copies+settleTick+grace, ran())
		result := s.Close()
		assert.Equal(t, counts{sent: 1, expected: 1, received: 1, duplicated: copies}, countsOf(&result))
	})
}

// A gateway that repeats itself for ever tells nothing new and isn't waited for.
func TestSettleDoesNotWaitForEndlessDuplicates(t *testing.T) {
	t.Parallel()
	const settle, copies = 2 * grace, 100
	for name, lost := range map[string]int64{"all read": 0, "one lost": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ledger := New()
				audience := ledger.Audience(room)
				members := listeners(audience, 1+int(lost))
				s := audience.OpenSeries(0, settle)
				one := s.Publish(time.Now())
				ledger.Deliver(members[0], one, time.Now())
				ran := settling(t.Context(), s)
				for range copies {
					ledger.Deliver(members[0], one, time.Now())
					time.Sleep(grace / 10)
				}
				assert.Equal(t, settle, ran())
				result := s.Close()
				assert.Equal(t, counts{sent: 1, expected: 1 + lost, received: 1, lost: lost, duplicated: copies}, countsOf(&result))
			})
		})
	}
}

// A gateway that posts to one listener after another is waited for as long as it goes on.
func TestSettleWaitsForSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const settle, deliveries = 400 * time.Millisecond, 4
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, deliveries+1)
		s := audience.OpenSeries(0, settle)
		one := s.Publish(time.Now())
		ran := settling(t.Context(), s)
		const pause = settle - 2*settleTick
		time.Sleep(offTick)
		for _, m := range members[:deliveries] {
			time.Sleep(pause)
			ledger.Deliver(m, one, time.Now())
		}
		assert.Equal(t, pause*deliveries+settleTick+settle, ran())
		result := s.Close()
		assert.Equal(t, counts{sent: 1, expected: deliveries + 1, received: deliveries, lost: 1}, countsOf(&result))
	})
}

// Where settle is zero, what hasn't come at once is lost, even if the test has ended.
func TestSettleNeedNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		audience := New().Audience(room)
		listeners(audience, 1)
		s := audience.OpenSeries(0, 0)
		s.Publish(time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		assert.Zero(t, settling(ctx, s)())
		cancel()
		assert.Zero(t, settling(ctx, s)())
		result := s.Close()
		assert.Equal(t, counts{sent: 1, expected: 1, lost: 1}, countsOf(&result))
	})
}

// A context that ends ends the waiting: for deliveries, which aren't lost then, as well
// as for duplicates.
func TestSettleIsInterrupted(t *testing.T) {
	t.Parallel()
	for name, received := range map[string]int64{"one outstanding": 1, "all read": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ledger := New()
				audience := ledger.Audience(room)
				members := listeners(audience, 2)
				s := audience.OpenSeries(0, time.Minute)
				one := s.Publish(time.Now())
				for _, m := range members[:received] {
					ledger.Deliver(m, one, time.Now())
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*settleTick+offTick)
				defer cancel()
				assert.Equal(t, 2*settleTick+offTick, settling(ctx, s)())
				result := s.Close()
				assert.Equal(t, counts{sent: 1, expected: 2, received: received, indeterminate: 2 - received}, countsOf(&result))
			})
		})
	}
}
