package listen

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// A panic of the observer ends connections, and not the process. No listener stays in
// the audience.
func TestAnObserverThatPanics(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"begun", "connected", "failed", "counted", "answered", "ready", "sent", "received", "delivered", "erred", "error frame", "pong",
		"closed", "everything",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			const listeners = 3
			h, to := newHub(t, "failed", "welcome")
			s := newFixture(to)
			s.panicsAt, s.Ping = at, time.Second
			summary, stop := s.run(t, Plan{Connections: listeners})
			s.waitForAudience(t, func(c ledger.Count) bool { return c.Ready+c.Failed+c.Left == listeners })
			h.send(s.audience.OpenSeries(0, 0).Publish(time.Now()).String())
			s.group.Tick(time.Now().Add(30 * time.Second))
			stop()
			<-summary
			s.waitForAudience(t, func(c ledger.Count) bool { return c.Failed+c.Left == listeners })
		})
	}
}

func TestAnObserverThatPanicsAtAFailure(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "refused")
	s := newFixture(to)
	s.panicsAt = "failed"
	summary, _ := s.run(t, Plan{Connections: 3})
	assert.Equal(t, Summary{Opened: 3, Failed: 3, RanOut: true}, <-summary)

	to.URL.Host = "127.0.0.1:1"
	s = newFixture(to)
	s.panicsAt = "failed"
	summary, _ = s.run(t, Plan{Connections: 3})
	assert.Equal(t, Summary{Opened: 3, Failed: 3, RanOut: true}, <-summary)
	s.waitForAudience(t, func(c ledger.Count) bool { return states(c) == ledger.Count{Failed: 3, LargestGroup: 3} })
}

// In whichever phase the test ends, no listener stays in the audience and each counts once.
func TestAnObserverThatPanicsAtAnInterruption(t *testing.T) {
	t.Parallel()
	const listeners = 3
	asked := make(chan struct{}, listeners)
	dialling := httpGateway(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	shaking := gateway(t, func(socket *websocket.Conn) {
		_, _, _ = socket.ReadMessage()
		asked <- struct{}{}
		readToEnd(socket)
	})
	for _, to := range []*wire.Target{dialling, shaking} {
		s := newFixture(to)
		s.panicsAt = "abandoned"
		summary, stop := s.run(t, Plan{Connections: listeners})
		for range listeners {
			<-asked
		}
		stop()
		assert.Equal(t, Summary{Opened: listeners, Unfinished: listeners}, <-summary)
		s.waitForAudience(t, func(c ledger.Count) bool { return c == ledger.Count{LargestGroup: listeners} })
	}
}

// A script is told why nothing came of its connection.
func TestAPanicWhileDiallingIsAnError(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	s.panicsAt = "connected"
	_, err := Open(t.Context(), &s.Config, 0, nil, nil)
	var failed *wire.DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, []*wire.DialError{failed}, s.failures)
	require.EqualError(t, failed.Err, "panic while dialling: at connected")
	s.requireBalance(t)
}

// A panic here is not the gateway's doing.
func TestADialectThatPanics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		session func() dialect.Session
		welcome []string
		want    map[string]int
		summary Summary
	}{
		"when it is made": {
			session: func() dialect.Session { panic("no session") },
			want:    map[string]int{"failed tcp": 3},
			summary: Summary{Opened: 3, Failed: 3, RanOut: true},
		},
		"when it opens": {
			session: func() dialect.Session { return panicky{at: "open"} },
			want:    map[string]int{"connected": 3, "failed handshake": 3, "closed 1011 by us": 3},
			summary: Summary{Opened: 3, Failed: 3, RanOut: true},
		},
		"when it shakes hands": {
			welcome: []string{"panic"},
			want: map[string]int{
				"connected": 3, "sent": 3, "received": 3, "failed handshake": 3, "closed 1011 by us": 3,
			},
			summary: Summary{Opened: 3, Failed: 3, RanOut: true},
		},
		"when it listens": {
			welcome: []string{"welcome", "panic"},
			want: map[string]int{
				"connected": 3, "sent": 3, "received": 6, "answered": 3, "counted welcomed": 3, "ready": 3,
				"closed 1011 by us": 3,
			},
			summary: Summary{Opened: 3, Ready: 3, RanOut: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, to := newHub(t, test.welcome...)
			s := newFixture(to)
			if test.session != nil {
				s.Prepare = prepares(to, test.session)
			}
			summary, _ := s.run(t, Plan{Connections: 3})
			assert.Equal(t, test.summary, <-summary)
			assert.Equal(t, test.want, s.counted())
			for _, failed := range s.failures {
				assert.Equal(t, to.URL.Host, failed.Host)
			}
		})
	}
}

func TestADialectThatPanicsAtItsFarewell(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	s.Prepare = prepares(to, func() dialect.Session { return panicky{at: "farewell"} })
	summary, stop := s.run(t, Plan{Connections: 3})
	s.waitForReady(t, 3)
	stop()
	assert.Equal(t, Summary{Opened: 3, Ready: 3}, <-summary)
	assert.Equal(t, 3, s.counted()["closed 1000 by us"])
}

type panicky struct {
	simple
	at string
}

func (p panicky) Open() dialect.Event {
	if p.at == "open" {
		panic("at open")
	}
	return p.simple.Open()
}

func (p panicky) Farewell() [][]byte {
	if p.at == "farewell" {
		panic("at farewell")
	}
	return p.simple.Farewell()
}

// A handler that panics still gets its last call.
func TestAHandlerThatPanics(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s, d := newFixture(to), &handlerLog{panic: true}
	conn := drive(t, s, d)
	<-conn.Done()
	assert.Equal(t, []string{`event 1 ""`, `closed 1011 "panic while reading: at event %d %q"`}, d.read())
	assert.Equal(t, 1, s.counted()["closed 1011 by us"])
}
