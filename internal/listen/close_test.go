package listen

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestAConnectionThatTheGatewayCloses(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newFixture(to), new(handlerLog)
	conn := drive(t, s, d)
	s.waitFor(t, "ready", 1)
	h.each(func(socket *websocket.Conn) {
		_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "moved"))
	})
	<-conn.Done()
	assert.Equal(t, `closed 4001 "moved"`, d.read()[2])
	conn.Close(NormalClosure, "") // which is too late
	assert.Equal(t, 1, s.counted()["closed 4001 by gateway"])
}

func TestAConnectionThatManyClose(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s, d := newFixture(to), new(handlerLog)
	conn := drive(t, s, d)
	var closing sync.WaitGroup
	for range 10 {
		closing.Go(func() {
			_ = conn.Send([]byte("text"))
			conn.Close(NormalClosure, "")
			conn.Tick(time.Now().Add(time.Hour))
		})
	}
	closing.Wait()
	<-conn.Done()
	assert.Equal(t, 1, s.counted()["closed 1000 by us"])
	assert.Zero(t, s.counted()["failed handshake"])
}

// Only the first reason to close counts.
func TestTheFirstReasonCounts(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newFixture(to), new(handlerLog)
	conn := drive(t, s, d)
	s.waitFor(t, "ready", 1)
	conn.Close(4000, "first")
	conn.Close(4001, "second")
	assert.False(t, conn.closeBecause(errNotReady))
	<-conn.Done()
	assert.Equal(t, `closed 4000 "first"`, d.read()[2])
	assert.Equal(t, 1, h.waitForClosed(t, 4000, 1)["hello"])
	assert.Equal(t, map[string]int{"first": 1}, h.reasons)
	assert.Equal(t, 1, s.counted()["closed 4000 by us"])
}

// A refused handshake closes the connection, and its handler gets the error as reason.
func TestARefusedHandshakeIsTheReason(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "refused")
	s, d := newFixture(to), new(handlerLog)
	conn := drive(t, s, d)
	<-conn.Done()
	assert.Equal(t, []string{`event 1 ""`, `event 6 "hello"`, `closed 1000 "Refused"`}, d.read())
	require.Len(t, s.failures, 1)
	assert.Equal(t, &wire.DialError{Phase: wire.PhaseHandshake, Host: to.URL.Host, Err: &dialect.Error{Name: "Refused"}}, s.failures[0])
	assert.Equal(t, map[string]int{"hello": 1}, h.waitForClosed(t, 1000, 1), "a refused connection has nothing to take leave of")
}

// A gateway that reads the close frame and doesn't answer has two seconds.
func TestAGatewayThatDoesNotAnswerTheCloseFrame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			socket.SetCloseHandler(func(int, string) error { return nil })
			welcome(socket)
			<-t.Context().Done()
		})
		summary, stop := s.run(t, Plan{Connections: 1})
		s.waitForReady(t, 1)
		begin := time.Now()
		stop()
		assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
		assert.Equal(t, 2*time.Second, time.Since(begin))
		assert.Equal(t, 1, s.counted()["closed 1000 by us"])
	})
}

// A gateway that has stopped reading doesn't delay the end of other connections, nor
// that of the group for good.
func TestAGatewayThatDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const listeners = 4
		var opened atomic.Int32
		s := newPipeFixture(func(socket *websocket.Conn) {
			if opened.Add(1) > 1 {
				welcome(socket)
				return
			}
			_, _, _ = socket.ReadMessage()
			write(socket, "welcome")
			<-t.Context().Done()
		})
		summary, stop := s.run(t, Plan{Connections: listeners})
		s.waitForReady(t, listeners)
		begin := time.Now()
		stop()
		s.waitFor(t, "closed 1000 by us", listeners-1)
		assert.Less(t, time.Since(begin), time.Second)
		assert.Equal(t, Summary{Opened: listeners, Ready: listeners}, <-summary)
		assert.Less(t, time.Since(begin), time.Minute)
		assert.Equal(t, listeners, s.counted()["closed 1000 by us"])
		assert.Equal(t, 2*listeners-1, s.counted()["sent"], "every hello, and every bye but one")
	})
}
