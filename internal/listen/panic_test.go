package listen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// Whoever is told what happens may panic. That ends connections, and not the
// process; no listener stays in the audience.
func TestAnObserverThatPanics(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"connected", "failed", "counted", "answered", "ready", "sent", "received", "delivered", "erred", "pong",
		"closed", "everything",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			const listeners = 3
			h, to := newHub(t, "failed", "welcome")
			s := newScene(to)
			s.panicsAt, s.Ping = at, time.Second
			summary, stop := s.run(t, Plan{Connections: listeners})
			s.stands(t, func(c ledger.Count) bool { return c.Ready+c.Failed+c.Left == listeners })
			h.say(s.audience.OpenSeries(0, 0).Publish(time.Now()).String())
			s.group.Tick(hours(1))
			stop()
			<-summary
			s.stands(t, func(c ledger.Count) bool { return c.Failed+c.Left == listeners })
		})
	}
}

func TestAFailureThatNobodyCanBeToldOf(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "refused")
	s := newScene(to)
	s.panicsAt = "failed"
	summary, _ := s.run(t, Plan{Connections: 3})
	assert.Equal(t, Summary{Opened: 3, Failed: 3}, <-summary)

	to.URL.Host = "127.0.0.1:1"
	s = newScene(to)
	s.panicsAt = "failed"
	summary, _ = s.run(t, Plan{Connections: 3})
	<-summary
	s.stands(t, func(c ledger.Count) bool {
		c.FirstFailure = nil
		return c == ledger.Count{Failed: 3, LargestGroup: 3}
	})
}

// A panic here is not the gateway's doing.
func TestADialectThatPanics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		session func() dialect.Session
		welcome []string
		told    map[string]int
		summary Summary
	}{
		"when it is made": {
			session: func() dialect.Session { panic("no session") },
			told:    map[string]int{"failed tcp": 3},
			summary: Summary{Failed: 3},
		},
		"when it opens": {
			session: func() dialect.Session { return panicky{at: "open"} },
			told:    map[string]int{"connected": 3, "failed handshake": 3, "closed 1011 by us": 3},
			summary: Summary{Opened: 3, Failed: 3},
		},
		"when it shakes hands": {
			welcome: []string{"panic"},
			told: map[string]int{
				"connected": 3, "sent": 3, "received": 3, "failed handshake": 3, "closed 1011 by us": 3,
			},
			summary: Summary{Opened: 3, Failed: 3},
		},
		"when it listens": {
			welcome: []string{"welcome", "panic"},
			told: map[string]int{
				"connected": 3, "sent": 3, "received": 6, "answered": 3, "counted welcomed": 3, "ready": 3,
				"closed 1011 by us": 3,
			},
			summary: Summary{Opened: 3, Ready: 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, to := newHub(t, test.welcome...)
			s := newScene(to)
			if test.session != nil {
				s.Prepare = speaks(to, test.session)
			}
			summary, _ := s.run(t, Plan{Connections: 3})
			assert.Equal(t, test.summary, <-summary)
			assert.Equal(t, test.told, s.told())
		})
	}
}

func TestADialectThatPanicsAtItsFarewell(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newScene(to)
	s.Prepare = speaks(to, func() dialect.Session { return panicky{at: "farewell"} })
	summary, stop := s.run(t, Plan{Connections: 3})
	s.ready(t, 3)
	stop()
	assert.Equal(t, Summary{Opened: 3, Ready: 3}, <-summary)
	assert.Equal(t, 3, s.told()["closed 1000 by us"])
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
