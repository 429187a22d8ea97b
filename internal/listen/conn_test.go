package listen

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestAConnectionThatAScriptDrives(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newFixture(to), new(handlerLog)
	conn := drive(t, s, d)
	s.waitFor(t, "ready", 1)
	assert.True(t, conn.ready.Load())
	for _, text := range []string{"some data", "failed", "done it", "ended", "refused", "more"} {
		h.send(text)
	}
	s.waitFor(t, "received", 7)
	require.NoError(t, conn.Send([]byte("text")))
	conn.Do(func(dialect.Session) dialect.Event {
		return dialect.Event{Kind: dialect.Progress, Answer: []byte("request")}
	})
	conn.Close(4000, "enough")
	<-conn.Done()
	assert.Equal(t, []string{
		`event 1 ""`, `event 2 "hello"`, `message some data "data"`,
		`event 5 ""`, `event 1 "it"`, `event 0 ""`, `event 7 ""`, `event 6 "hello"`, `message more "data"`,
		`event 1 ""`, `closed 4000 "enough"`,
	}, d.read())
	assert.Equal(t, map[string]int{"hello": 1, "thanks": 1, "text": 1, "request": 1, "bye": 1}, h.waitForClosed(t, 4000, 1))
	assert.Zero(t, s.counted()["delivered"], "it is no listener")
	require.Error(t, conn.Send([]byte("too late")))
}

func TestAConnectionThatDoesNotComeAbout(t *testing.T) {
	t.Parallel()
	s, d := newFixture(httpGateway(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	})), new(handlerLog)
	_, err := Open(t.Context(), &s.Config, 0, nil, d)
	var failed *wire.DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, http.StatusForbidden, failed.Status)
	assert.Equal(t, []*wire.DialError{failed}, s.failures)
	assert.Empty(t, d.read())
}

func TestAChatOnAPIGateway(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers:   [][2]string{{"ann", "Using nickname: ann\nType /help"}, {"/join Room1", "Joined chat room Room1"}},
		broadcast: make(chan string),
	}
	to := g.serve(t)
	s := newFixture(to)
	steps := apigw.ChatHandshake("ann", "Room1")
	s.Prepare = prepares(to, func() dialect.Session { return apigw.New(steps) })
	summary, stop := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	account := s.audience.OpenSeries(0, 0)
	g.broadcast <- "host: " + account.Publish(time.Now()).String()
	g.broadcast <- `{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}`
	g.broadcast <- "host: hello"
	close(g.broadcast)
	s.waitFor(t, "received", 5)
	stop()
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Received: 1}, <-summary)
	assert.EqualValues(t, 1, account.Close().Received)
	assert.Equal(t, map[string]int{
		"connected": 1, "sent": 2, "received": 5, "answered": 2, "ready": 1, "delivered": 1,
		"counted nickname_counter": 1, "counted joined_success_counter": 1, "unstamped": 1,
		"error frame InternalServerError": 1, "closed 1000 by us": 1,
	}, s.counted())
}

func TestASubscriptionToAppSync(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers: [][2]string{
			{`{"type":"connection_init"`, `{"type":"connection_ack","payload":{"connectionTimeoutMs":5400000}}`},
			{`{"id":"1","type":"start"`, `{"type":"start_ack","id":"1"}`},
		},
		broadcast: make(chan string),
	}
	to := g.serve(t)
	s := newFixture(to)
	start := appsync.StartFrame(realtime.HandshakeID(0), `{"query":"subscription{a}"}`, []byte(`{"host":"h"}`))
	s.Prepare = prepares(to, func() dialect.Session { return appsync.New([][]byte{start}) })
	summary, _ := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	account := s.audience.OpenSeries(0, 0)
	g.broadcast <- fmt.Sprintf(`{"id":"1","type":"data","payload":{"data":{"a":"%s"}}}`, account.Publish(time.Now()))
	g.broadcast <- `{"type":"ka"}`
	g.broadcast <- `{"id":"1","type":"error","payload":{"errors":[{"errorType":"LimitExceededError"}]}}`
	close(g.broadcast)
	s.waitFor(t, "received", 5)
	s.group.Tick(time.Now().Add(time.Hour)) // within the hour and a half that the gateway may be silent
	s.group.Tick(time.Now().Add(2 * time.Hour))
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Received: 1, RanOut: true}, <-summary)
	assert.Equal(t, 1, s.missing.Len())
	assert.EqualValues(t, 1, account.Close().Received)
	counted := s.counted()
	assert.Equal(t, 1, counted["erred Silence"])
	assert.Equal(t, 1, counted["counted subscribed_success_counter"])
	assert.Equal(t, 2, counted["sent"])
	assert.Equal(t, 1, counted["delivered"])
	assert.Equal(t, 1, counted["closed 1001 by us"])
}

// A subscription that AppSync completes is over, though the connection isn't, and what was
// on its way to it is lost.
func TestAppSyncCompletesASubscription(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers: [][2]string{
			{`{"type":"connection_init"`, `{"type":"connection_ack"}`},
			{`{"id":"1","type":"start"`, `{"type":"start_ack","id":"1"}`},
		},
		broadcast: make(chan string, 1),
	}
	to := g.serve(t)
	s := newFixture(to)
	start := appsync.StartFrame(realtime.HandshakeID(0), `{"query":"subscription{a}"}`, []byte(`{"host":"h"}`))
	s.Prepare = prepares(to, func() dialect.Session { return appsync.New([][]byte{start}) })
	summary, _ := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	account := s.audience.OpenSeries(1, 0)
	account.Publish(time.Now())
	g.broadcast <- `{"id":"1","type":"complete"}`
	close(g.broadcast)
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Closed: 1, RanOut: true}, <-summary)
	assert.Equal(t, 1, s.missing.Len())
	assert.Equal(t, []Closing{{Code: 1000, ByGateway: true, Cut: true}}, s.closings)
	assert.EqualValues(t, 1, account.Close().Cut)
}

// Every duration is measured from the beginning of the dial.
func TestDurationsOfAConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(pipeGateway(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(100 * time.Millisecond)
			upgrade(w, r, func(socket *websocket.Conn) {
				_, _, _ = socket.ReadMessage()
				time.Sleep(200 * time.Millisecond)
				write(socket, "welcome")
				time.Sleep(400 * time.Millisecond)
			})
		}))
		summary, _ := s.run(t, Plan{Connections: 1})
		assert.Equal(t, Summary{Opened: 1, Ready: 1, Closed: 1, RanOut: true}, <-summary)
		assert.Equal(t, 1, s.missing.Len())
		assert.Equal(t, map[string][]time.Duration{
			"connected": {100 * time.Millisecond}, "ready": {300 * time.Millisecond}, "closed": {700 * time.Millisecond},
		}, s.durations)
	})
}

// The gateway takes the connection and never answers the request to upgrade it.
func TestADialThatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(pipeGateway(func(http.ResponseWriter, *http.Request) { <-t.Context().Done() }))
		s.Timeout = 10 * time.Second
		begin := time.Now()
		_, err := Open(t.Context(), &s.Config, 0, nil, nil)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		var failed *wire.DialError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, wire.PhaseUpgrade, failed.Phase)
		assert.Equal(t, map[string]int{"failed upgrade": 1}, s.counted())
		s.requireBalance(t)
	})
}

// severalStarts prepares listeners with a subscription to each audience.
func severalStarts(s *fixture, to *wire.Target, audiences ...*ledger.Audience) {
	starts := make([][]byte, len(audiences))
	subscriptions := make([]Subscription, len(audiences))
	for i, a := range audiences {
		starts[i] = appsync.StartFrame(realtime.HandshakeID(i), `{"query":"subscription{a}"}`, []byte(`{"host":"h"}`))
		subscriptions[i] = Subscription{Request: realtime.HandshakeID(i), Audience: a}
	}
	s.Prepare = func(context.Context, int) (Prepared, error) {
		return Prepared{Target: to, Session: appsync.New(starts), Subscriptions: subscriptions}, nil
	}
}

// A listener with several subscriptions counts once, and what it reads counts in the audience
// of the subscription that it came by. When the gateway ends one, the listener is over.
func TestSeveralSubscriptions(t *testing.T) {
	t.Parallel()
	g := &scripted{
		answers: [][2]string{
			{`{"type":"connection_init"`, `{"type":"connection_ack"}`},
			{`{"id":"1","type":"start"`, `{"type":"start_ack","id":"1"}`},
			{`{"id":"2","type":"start"`, `{"type":"start_ack","id":"2"}`},
		},
		broadcast: make(chan string, 1),
	}
	to := g.serve(t)
	s := newFixture(to)
	here, there := s.Ledger.Audience(ledger.Name{Key: "here"}), s.Ledger.Audience(ledger.Name{Key: "there"})
	severalStarts(s, to, here, there)
	summary, _ := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	one, two := here.OpenSeries(0, 0), there.OpenSeries(0, 0)
	data := func(id string, account *ledger.Series) string {
		return fmt.Sprintf(`{"id":"%s","type":"data","payload":{"data":{"a":"%s"}}}`, id, account.Publish(time.Now()))
	}
	g.broadcast <- data("1", one)
	g.broadcast <- data("2", two)
	g.broadcast <- data("2", two)
	g.broadcast <- data("1", two)
	g.broadcast <- `{"id":"2","type":"complete"}`
	close(g.broadcast)
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Received: 4, Closed: 1, RanOut: true}, <-summary)
	first, second := one.Close(), two.Close()
	assert.Equal(t, []int64{1, 1, 0}, []int64{first.Expected, first.Received, first.Lost})
	assert.Equal(t, []int64{3, 2, 1}, []int64{second.Expected, second.Received, second.Cut})
	assert.Equal(t, 1, s.missing.Len())
	counted := s.counted()
	assert.Equal(t, []int{2, 1, 1}, []int{counted["counted subscribed_success_counter"], counted["ready"], counted["erred StrayDelivery"]})
}

// A listener of whose subscriptions one is refused, or ended before all are acknowledged, has
// failed.
func TestOneOfSeveralSubscriptionsFails(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"type":"error","id":"2","payload":{"errors":[{"errorType":"UnauthorizedException","message":"No"}]}}`: "Unauthorized",
		`{"type":"complete","id":"1"}`: errEnded.Error(),
	} {
		g := &scripted{answers: [][2]string{
			{`{"type":"connection_init"`, `{"type":"connection_ack"}`},
			{`{"id":"1","type":"start"`, `{"type":"start_ack","id":"1"}`},
			{`{"id":"2","type":"start"`, answer},
		}, broadcast: make(chan string)}
		close(g.broadcast)
		to := g.serve(t)
		s := newFixture(to)
		severalStarts(s, to, s.audience, s.Ledger.Audience(ledger.Name{Key: "there"}))
		summary, _ := s.run(t, Plan{Connections: 1})
		sum := <-summary
		assert.Equal(t, []int64{1, 0, 1}, []int64{sum.Opened, sum.Ready, sum.Failed}, answer)
		assert.ErrorContains(t, s.failures[0], want)
		s.waitForAudience(t, func(c ledger.Count) bool { return states(c) == ledger.Count{Failed: 1, LargestGroup: 1} })
	}
}

// What a gateway calls a listener's connection is its address, once it is ready.
func TestConnectionIDs(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	s := newFixture(gateway(t, func(socket *websocket.Conn) {
		if id := opened.Add(1); id > 1 { // one isn't told its name
			_ = socket.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "named %d", id))
		}
		_ = socket.WriteMessage(websocket.TextMessage, []byte("welcome"))
		for {
			if _, _, err := socket.ReadMessage(); err != nil {
				return
			}
		}
	}))
	summary, stop := s.run(t, Plan{Connections: 3})
	s.waitForReady(t, 3)
	one, ok := s.audience.NextAddressee()
	assert.True(t, ok)
	other, _ := s.audience.NextAddressee()
	assert.ElementsMatch(t, []string{"2", "3"}, []string{one.Address, other.Address})
	again, _ := s.audience.NextAddressee()
	assert.Equal(t, one, again)
	stop()
	<-summary
	_, ok = s.audience.NextAddressee()
	assert.False(t, ok)
}
