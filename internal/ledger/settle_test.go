package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// enough is far more than anything here should take.
const enough = time.Minute

func settled(account *Series) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		account.Settle(context.Background())
	}()
	return done
}

func TestSettleEndsWhenEverythingIsIn(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	members := listeners(audience, 3)
	account := audience.OpenSeries(enough)
	one, two, three := account.Publish(time.Now()), account.Publish(time.Now()), account.Publish(time.Now())
	account.Retract(two)
	done := settled(account)
	for _, m := range members[:2] {
		ledger.Deliver(m, one, time.Now())
		ledger.Deliver(m, three, time.Now())
	}
	select {
	case <-done:
		t.Fatal("one is still expected to hear it")
	case <-time.After(2 * duplicateGrace):
	}
	members[2].Leave()
	<-done
	result := account.Close()
	assert.Equal(t, counts{sent: 2, expected: 6, received: 4, indeterminate: 2}, countsOf(&result))
}

func TestSettleEndsWhenNothingIsExpected(t *testing.T) {
	t.Parallel()
	account := New().Audience(room).OpenSeries(enough)
	account.Settle(t.Context())
	account.Publish(time.Now())
	account.Settle(t.Context())
}

// Behind the last delivery there may be duplicates.
func TestSettleLingers(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	account := audience.OpenSeries(enough)
	s := account.Publish(time.Now())
	ledger.Deliver(member, s, time.Now())
	done := settled(account)
	time.Sleep(duplicateGrace / 5)
	ledger.Deliver(member, s, time.Now())
	<-done
	result := account.Close()
	assert.Equal(t, counts{sent: 1, expected: 1, received: 1, duplicated: 1}, countsOf(&result))
}

// A gateway that repeats itself for ever neither says anything new nor is waited for.
func TestSettleDoesNotWaitForEndlessDuplicates(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]int{"all heard": 0, "one lost": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ledger := New()
			audience := ledger.Audience(room)
			members := listeners(audience, 1+lost)
			account := audience.OpenSeries(2*duplicateGrace)
			s := account.Publish(time.Now())
			ledger.Deliver(members[0], s, time.Now())
			done := settled(account)
			for open := true; open; {
				ledger.Deliver(members[0], s, time.Now())
				select {
				case <-done:
					open = false
				case <-time.After(duplicateGrace / 10):
				}
			}
			result := account.Close()
			assert.Equal(t, int64(lost), result.Lost)
			assert.Positive(t, result.Duplicated)
		})
	}
}

func TestSettleWaitsForQuiet(t *testing.T) {
	t.Parallel()
	const quiet, deliveries = 400 * time.Millisecond, 4
	ledger := New()
	audience := ledger.Audience(room)
	members := listeners(audience, deliveries+1)
	account := audience.OpenSeries(quiet)
	s := account.Publish(time.Now())
	begin := time.Now()
	done := settled(account)
	for _, m := range members[:deliveries] {
		time.Sleep(quiet / 4)
		ledger.Deliver(m, s, time.Now())
	}
	<-done
	assert.GreaterOrEqual(t, time.Since(begin), quiet/4*deliveries+quiet/2)
	result := account.Close()
	assert.Equal(t, counts{sent: 1, expected: deliveries + 1, received: deliveries, lost: 1}, countsOf(&result))
}

func TestSettleNeedsNotWait(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	listeners(audience, 1)
	account := audience.OpenSeries(0)
	account.Publish(time.Now())
	account.Settle(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	account.Settle(ctx)
}

// What a listener hasn't had for so long that it would have been lost had it stayed
// is lost, even if it leaves before the account is closed.
func TestWhoLeavesLaterHasLost(t *testing.T) {
	t.Parallel()
	const patience = time.Second // more than any step takes
	ledger := New()
	audience := ledger.Audience(room)
	members := listeners(audience, 3)
	account := audience.OpenSeries(patience)
	old := account.Publish(time.Now().Add(-time.Hour)) // the publisher is late
	heard := account.Publish(time.Now())
	ledger.Deliver(members[0], heard, heard.Sent.Add(time.Hour)) // it is heard for that long
	members[1].Leave()
	time.Sleep(patience + patience/5)
	ledger.Deliver(members[0], old, time.Now().Add(-2*patience))
	recent := account.Publish(time.Now().Add(-time.Hour))
	ledger.Deliver(members[0], recent, time.Now())
	members[2].Leave()
	result := account.Close()
	// The first to go may yet have heard both that were sent, the other has lost the
	// old one.
	assert.Equal(t, counts{sent: 3, expected: 8, received: 3, lost: 1, indeterminate: 4, reordered: 1}, countsOf(&result))
}
