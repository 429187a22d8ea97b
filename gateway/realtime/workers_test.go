package realtime

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Everything that is queued is delivered, to each in the order in which it was queued, also
// when the queue was full meanwhile.
func TestWorkersKeepTheOrder(t *testing.T) {
	t.Parallel()
	const values = 2 * MaxQueued
	f, tally := newFixture(t), truth.New()
	var a Audience
	var outlets []outlet
	for number := range uint64(parts + 1) {
		outlets = append(outlets, make(outlet))
		a.Join(subscriber(number, outlets[number]))
	}
	to := a.List()
	go func() {
		for i := range values {
			f.Queue(tally.Open(nil, to.Len()), []byte(strconv.Itoa(i)), to)
		}
	}()
	var reading sync.WaitGroup
	got := make([][]string, len(outlets))
	for i, out := range outlets {
		reading.Go(func() {
			for range values {
				got[i] = append(got[i], receive(out))
			}
		})
	}
	reading.Wait()
	for _, texts := range got {
		for i, text := range texts {
			require.Equal(t, strconv.Itoa(i), text)
		}
	}
	require.Eventually(t, func() bool { return tally.Report().Totals.Delivered == values*(parts+1) }, timeout, time.Millisecond)
}

// Whoever queues for a part whose queue is full waits, until there is space or the gateway is
// closed.
func TestQueueWaitsForSpace(t *testing.T) {
	t.Parallel()
	f, tally := newFixture(t), truth.New()
	var a Audience
	held := make(outlet)
	a.Join(subscriber(1, held))
	to, queued := a.List(), make(chan struct{}, MaxQueued+2)
	go func() {
		for range MaxQueued + 2 {
			f.Queue(tally.Open(nil, 1), nil, to)
			queued <- struct{}{}
		}
	}()
	require.Eventually(t, func() bool { return len(queued) == MaxQueued+1 }, timeout, time.Millisecond, "one that is held up, and a full queue")
	time.Sleep(50 * time.Millisecond) // in which no more must be queued
	require.Len(t, queued, MaxQueued+1)
	for range MaxQueued + 2 {
		receive(held)
	}
	require.Eventually(t, func() bool { return len(queued) == MaxQueued+2 }, timeout, time.Millisecond)
}
