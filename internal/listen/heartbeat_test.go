package listen

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hours later, so that whatever is due is due by far.
func hours(n int) time.Time { return time.Now().Add(time.Duration(n) * time.Hour) }

func TestAHandshakeThatTakesTooLong(t *testing.T) {
	t.Parallel()
	const listeners = 3
	_, to := newHub(t, "what")
	s := newScene(to)
	summary, _ := s.run(t, Plan{Connections: listeners})
	s.saw(t, "received", listeners)
	s.group.Tick(time.Now())
	s.saw(t, "connected", listeners)
	assert.Empty(t, s.told()["failed handshake"])
	s.group.Tick(hours(1))
	s.group.Tick(hours(2))
	assert.Equal(t, Summary{Opened: listeners, Failed: listeners}, <-summary)
	assert.Equal(t, map[string]int{
		"connected": listeners, "sent": listeners, "received": listeners,
		"failed handshake": listeners, "closed 1001 by us": listeners,
	}, s.told())
	require.ErrorIs(t, s.failures[0], ErrNotReady)
}

func TestAGatewayThatFallsSilent(t *testing.T) {
	t.Parallel()
	const listeners = 3
	h, to := newHub(t, "timeout 90m", "welcome")
	s := newScene(to)
	summary, _ := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	h.say("any message")
	s.saw(t, "received", 3*listeners)
	s.group.Tick(hours(1))
	s.group.Tick(hours(2))
	s.group.Tick(hours(3))
	assert.Equal(t, Summary{Opened: listeners, Ready: listeners}, <-summary)
	assert.Equal(t, listeners, s.told()["erred Silence"])
	assert.Equal(t, listeners, s.told()["closed 1001 by us"])
}

// The gateway of this test doesn't even answer the close frame.
func TestAGatewayThatNeverAnswers(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s := newScene(gateway(t, func(socket *websocket.Conn) {
		_ = socket.WriteMessage(websocket.TextMessage, []byte("timeout 1m"))
		_ = socket.WriteMessage(websocket.TextMessage, []byte("welcome"))
		<-over
	}))
	defer close(over)
	summary, _ := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	for n := range 5 {
		s.group.Tick(hours(1 + n))
	}
	assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
	assert.Equal(t, 1, s.told()["erred Silence"])
}

func TestPings(t *testing.T) {
	t.Parallel()
	const listeners = 3
	_, to := newHub(t, "welcome")
	s := newScene(to)
	s.Ping = 90 * time.Minute
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	s.group.Tick(hours(1))
	s.group.Tick(hours(2))
	s.saw(t, "pong", listeners)
	s.group.Tick(hours(3))
	s.group.Tick(hours(4))
	s.saw(t, "pong", 2*listeners)
	stop()
	<-summary
	s.group.Tick(hours(9))
	assert.Equal(t, 2*listeners, s.told()["pong"])
}

func TestWhoeverIsLeavingIsNotKept(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	s := newScene(gateway(t, func(socket *websocket.Conn) {
		_ = socket.WriteMessage(websocket.TextMessage, []byte("timeout 1m"))
		_ = socket.WriteMessage(websocket.TextMessage, []byte("welcome"))
		<-over
	}))
	defer close(over)
	s.Ping = time.Second
	summary, stop := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	stop()
	s.saw(t, "sent", 2) // hello and bye
	require.Eventually(t, func() bool {
		s.group.mu.Lock()
		defer s.group.mu.Unlock()
		for c := range s.group.conns {
			return c.leaving.Load() != nil
		}
		return true
	}, 10*time.Second, time.Millisecond)
	s.group.Tick(hours(1))
	<-summary
	assert.Zero(t, s.told()["erred Silence"])
	assert.Equal(t, 1, s.told()["closed 1000 by us"])
}
