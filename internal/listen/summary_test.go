package listen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// The summary counts first copies only.
func TestTheSummaryCountsFirstCopies(t *testing.T) {
	t.Parallel()
	const listeners = 4
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.waitForReady(t, listeners)
	account := s.audience.OpenSeries(0)
	one, two := account.Publish(time.Now()), account.Publish(time.Now())
	for _, sent := range []stamp.Stamp{two, one, two} {
		h.send(sent.String())
	}
	s.waitFor(t, "delivered", 3*listeners)
	result := account.Close()
	assert.EqualValues(t, 2*listeners, result.Received)
	assert.EqualValues(t, listeners, result.Duplicated)
	assert.EqualValues(t, listeners, result.Reordered)
	stop()
	assert.EqualValues(t, 2*listeners, (<-summary).Received)
}

// What is counted reaches the observer unchanged.
func TestTheSummaryPassesEverythingOn(t *testing.T) {
	t.Parallel()
	o := &observer{counts: make(map[string]int)}
	sum := &tally{Observer: o}
	failed := &wire.DialError{Phase: wire.PhaseTCP}
	first := ledger.Delivery{Delay: time.Second}
	again := ledger.Delivery{Delay: time.Minute, Outcome: ledger.Outcome{Duplicate: true}}
	sum.Connected(1)
	sum.Failed(failed)
	sum.Ready(2)
	sum.Delivered(first, 3)
	sum.Delivered(again, 4)
	sum.Closed(4000, true, 5)
	sum.Closed(4001, false, 6)
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Failed: 1, Received: 1, Closed: 1}, sum.read())
	assert.Equal(t, map[string]int{
		"connected": 1, "failed tcp": 1, "ready": 1, "delivered": 2, "closed 4000 by gateway": 1, "closed 4001 by us": 1,
	}, o.counted())
	assert.Equal(t, map[string][]time.Duration{"connected": {1}, "ready": {2}, "lag": {3, 4}, "closed": {5, 6}}, o.durations)
	assert.Equal(t, []*wire.DialError{failed}, o.failures)
	assert.Equal(t, []ledger.Delivery{first, again}, o.deliveries)
}
