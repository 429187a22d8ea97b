package listen

import (
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/websocket"
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
	account := s.audience.OpenSeries(0, 0)
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

// The first listeners of a group take the places of those that an earlier group lost. What
// a group loses itself is replaced by nobody in it, and is missing until its plan is over.
func TestReplacements(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		replaces, ready, cut int
		present, left        int // listeners that are missing after Ready, and at the end
	}{
		"nothing to replace":        {0, 3, 1, 0, 1},
		"some are replaced":         {5, 3, 0, 2, 1},
		"all are replaced":          {3, 3, 0, 0, 0},
		"more than were missing":    {2, 3, 0, 0, 0},
		"replaced and lost again":   {3, 3, 2, 0, 2},
		"some missing and some cut": {5, 2, 1, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(&wire.Target{URL: &url.URL{Host: "gateway.test"}})
			g := NewGroup(s.Config, s.roster)
			g.config.free = ledger.NewPlaces(s.roster)
			missing := func() int {
				count, _ := s.roster.Watch()
				members, _ := s.audience.Watch()
				assert.Equal(t, count.CutOff, members.CutOff)
				return count.CutOff
			}
			ready := func() *Conn {
				c := &Conn{config: &g.config, listener: s.enter()}
				c.becomeReady()
				return c
			}
			for range test.replaces {
				lost := s.enter()
				lost.Ready(nil)
				lost.Leave(ledger.Cut)
				g.config.free.Add(lost)
			}
			var conns []*Conn
			for range test.ready {
				conns = append(conns, ready())
			}
			assert.Equal(t, test.present, missing())
			for _, c := range conns[:test.cut] {
				c.leave(true)
			}
			ready() // one that was planned anyway
			assert.Equal(t, test.left, missing())
			places := g.missing(true)
			assert.Equal(t, test.left, places.Len())
			g.config.free = places
			assert.Nil(t, g.missing(false))
			assert.Zero(t, missing())
		})
	}
}

// A group takes over what an earlier one lost, and hands on what it loses itself.
func TestAGroupReplacesAnother(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	cut := func() {
		h.each(func(socket *websocket.Conn) { _ = socket.NetConn().Close() })
	}
	missing := func() int {
		count, _ := s.roster.Watch()
		return count.CutOff
	}
	summary, _ := s.run(t, Plan{Connections: 3})
	s.waitForReady(t, 3)
	cut()
	assert.Equal(t, Summary{Opened: 3, Ready: 3, Closed: 3, RanOut: true}, <-summary)
	assert.Equal(t, 3, s.missing.Len())
	assert.Equal(t, 3, missing())

	summary, _ = s.run(t, Plan{Connections: 2, Replaces: s.missing})
	s.waitFor(t, "ready", 5)
	assert.Equal(t, 1, missing())
	cut()
	assert.Equal(t, Summary{Opened: 2, Ready: 2, Closed: 2, RanOut: true}, <-summary)
	assert.Equal(t, 3, s.missing.Len())
	assert.Equal(t, 3, missing())

	summary, stop := s.run(t, Plan{Connections: 1, Replaces: s.missing})
	s.waitFor(t, "ready", 6)
	assert.Equal(t, 2, missing())
	stop()
	assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
	assert.Zero(t, missing(), "the plan is over")
}

// What is counted reaches the observer unchanged.
func TestTheSummaryPassesEverythingOn(t *testing.T) {
	t.Parallel()
	o := &observer{counts: make(map[string]int)}
	sum := &tally{Observer: o}
	failed := &wire.DialError{Phase: wire.PhaseTCP}
	first := ledger.Delivery{Delay: time.Second}
	again := ledger.Delivery{Delay: time.Minute, Outcome: ledger.Outcome{Duplicate: true}}
	sum.Begun()
	sum.Begun()
	sum.Begun()
	sum.Abandoned()
	sum.Connected(1)
	sum.Failed(failed)
	sum.Ready(2)
	sum.Delivered(first, 3)
	sum.Delivered(again, 4)
	sum.Closed(Closing{Code: 4000, Reason: "moved", ByGateway: true, Lasted: 5})
	sum.Closed(Closing{Code: 4001, Cut: true, Lasted: 6})
	assert.Equal(t, Summary{Opened: 3, Ready: 1, Failed: 1, Unfinished: 1, Received: 1, Closed: 1}, sum.read())
	assert.Equal(t, map[string]int{
		"connected": 1, "failed tcp": 1, "ready": 1, "delivered": 2, "abandoned": 1, "closed 4000 by gateway": 1, "closed 4001 by us": 1,
	}, o.counted())
	assert.Equal(t, map[string][]time.Duration{"connected": {1}, "ready": {2}, "lag": {3, 4}, "closed": {5, 6}}, o.durations)
	assert.Equal(t, 3, o.begun)
	assert.Equal(t, []Closing{{Code: 4000, Reason: "moved", ByGateway: true}, {Code: 4001, Cut: true}}, o.closings)
	assert.Equal(t, []*wire.DialError{failed}, o.failures)
	assert.Equal(t, []ledger.Delivery{first, again}, o.deliveries)
}
