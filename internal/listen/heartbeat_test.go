package listen

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The group looks once a second, so what is due comes about up to a second later.

func TestAHandshakeThatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const listeners = 3
		s := newPipeFixture(func(socket *websocket.Conn) { answer(socket, "what") })
		s.Timeout = 10 * time.Second
		summary, _ := s.run(t, Plan{Connections: listeners})
		s.tick(t)
		assert.Equal(t, Summary{Opened: listeners, Failed: listeners, RanOut: true}, <-summary)
		assert.Equal(t, map[string]int{
			"connected": listeners, "sent": listeners, "received": listeners,
			"failed handshake": listeners, "closed 1001 by us": listeners,
		}, s.counted())
		require.ErrorIs(t, s.failures[0], errNotReady)
		for _, lasted := range s.durations["closed"] {
			assert.Greater(t, lasted, 10*time.Second)
			assert.LessOrEqual(t, lasted, 11*time.Second+tickEvery)
		}
	})
}

func TestAHandshakeHasItsFullTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) { answer(socket, "what") })
		conn := drive(t, s, new(handlerLog))
		conn.Tick(conn.dialled.Add(s.Timeout))
		assert.Nil(t, conn.closedByUs.Load())
		conn.Tick(conn.dialled.Add(s.Timeout + 1))
		assert.NotNil(t, conn.closedByUs.Load())
	})
}

// A step of the handshake has the time that the dialect gives it, from its beginning on.
func TestAStepThatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			time.Sleep(4 * time.Second)
			write(socket, "step 3s")
			readToEnd(socket)
		})
		conn := drive(t, s, new(handlerLog))
		time.Sleep(5 * time.Second)
		conn.Tick(conn.dialled.Add(7 * time.Second))
		assert.Nil(t, conn.closedByUs.Load())
		conn.Tick(conn.dialled.Add(7*time.Second + 1))
		require.NotNil(t, conn.closedByUs.Load())
		<-conn.Done()
		require.ErrorIs(t, conn.Failure(), errNoReply)
	})
}

// A handshake that was given up has failed, even if what it waited for comes before the
// connection is closed.
func TestAReplyThatComesTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, d := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			time.Sleep(time.Second)
			write(socket, "welcome")
			readToEnd(socket)
		}), new(handlerLog)
		conn := drive(t, s, d)
		synctest.Wait()
		conn.Tick(conn.dialled.Add(s.Timeout + 1))
		<-conn.Done()
		require.ErrorIs(t, conn.Failure(), errNotReady)
		assert.Equal(t, map[string]int{"connected": 1, "sent": 1, "received": 1, "failed handshake": 1, "closed 1001 by us": 1}, s.counted())
	})
}

// A step without a time of its own has that of the handshake, whatever the step before had.
func TestAStepWithoutATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) { answer(socket, "step 3s", "step") })
		conn := drive(t, s, new(handlerLog))
		synctest.Wait()
		conn.Tick(conn.dialled.Add(s.Timeout))
		assert.Nil(t, conn.closedByUs.Load())
	})
}

// A listener that is ready isn't subject to the handshake's timeout.
func TestAListenerThatIsReadyStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) { answer(socket, "step 5s", "welcome") })
		s.Timeout = 10 * time.Second
		summary, _ := s.run(t, Plan{Connections: 1, Duration: time.Hour})
		s.tick(t)
		assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
		assert.Equal(t, []time.Duration{time.Hour}, s.durations["closed"])
	})
}

// What counts is the time since the last message, whatever that was.
func TestAGatewayThatFallsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const listeners = 3
		s := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			write(socket, "timeout 5m", "welcome")
			time.Sleep(4 * time.Minute)
			write(socket, "any message")
			time.Sleep(4 * time.Minute)
			write(socket, "what")
			readToEnd(socket)
		})
		summary, _ := s.run(t, Plan{Connections: listeners})
		s.tick(t)
		assert.Equal(t, Summary{Opened: listeners, Ready: listeners, RanOut: true}, <-summary)
		assert.Equal(t, listeners, s.missing.Len())
		assert.Equal(t, map[string]int{
			"connected": listeners, "sent": listeners, "received": 4 * listeners, "counted welcomed": listeners,
			"answered": listeners, "ready": listeners, "unstamped": listeners, "erred Silence": listeners, "closed 1001 by us": listeners,
		}, s.counted())
		for _, lasted := range s.durations["closed"] {
			assert.Greater(t, lasted, 13*time.Minute)
			assert.LessOrEqual(t, lasted, 13*time.Minute+time.Second+tickEvery)
		}
	})
}

// The handler of a connection that was closed for silence gets the reason.
func TestSilenceIsTheReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var code int
		s, d := newPipeFixture(func(socket *websocket.Conn) {
			acknowledge := socket.CloseHandler()
			socket.SetCloseHandler(func(c int, reason string) error {
				code = c
				return acknowledge(c, reason)
			})
			answer(socket, "timeout 90s", "welcome")
		}), new(handlerLog)
		conn := drive(t, s, d)
		s.waitFor(t, "ready", 1)
		at := conn.dialled.Add(time.Duration(conn.lastMessage.Load()))
		conn.Tick(at.Add(90 * time.Second))
		assert.Nil(t, conn.closedByUs.Load())
		conn.Tick(at.Add(90*time.Second + 1))
		conn.Tick(at.Add(180 * time.Second))
		<-conn.Done()
		assert.Equal(t, 1001, code)
		lines := d.read()
		assert.Equal(t, `closed 1001 "the gateway sent nothing for 1m30s"`, lines[len(lines)-1])
		assert.Equal(t, 1, s.counted()["erred Silence"])
	})
}

// A gateway that has vanished answers neither messages nor the close frame.
func TestAGatewayThatVanishes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			write(socket, "timeout 1m", "welcome")
			<-t.Context().Done()
		})
		summary, _ := s.run(t, Plan{Connections: 1})
		s.tick(t)
		assert.Equal(t, Summary{Opened: 1, Ready: 1, RanOut: true}, <-summary)
		assert.Equal(t, 1, s.missing.Len())
		assert.Equal(t, 1, s.counted()["erred Silence"])
		assert.Equal(t, 1, s.counted()["closed 1001 by us"])
	})
}

// One goroutine ticks for all connections, so a gateway that reads nothing must not hold
// it up.
func TestTickDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			write(socket, "timeout 1m", "welcome")
			<-t.Context().Done()
		})
		s.Ping = 30 * time.Second
		conn := drive(t, s, new(handlerLog))
		s.waitFor(t, "ready", 1)
		begin := time.Now()
		conn.Tick(begin.Add(31 * time.Second))
		assert.EqualValues(t, begin.Add(31*time.Second).Sub(conn.dialled), conn.lastPing.Load(), "it pings")
		conn.Tick(begin.Add(time.Hour))
		assert.NotNil(t, conn.closedByUs.Load(), "it closes")
		assert.Zero(t, time.Since(begin))
		<-conn.Done()
		assert.Equal(t, 1, s.counted()["closed 1001 by us"])
	})
}

func TestPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pings []time.Duration
		begin := time.Now()
		s := newPipeFixture(func(socket *websocket.Conn) {
			answer := socket.PingHandler()
			socket.SetPingHandler(func(payload string) error {
				pings = append(pings, time.Since(begin).Round(time.Second))
				time.Sleep(40 * time.Millisecond)
				return answer(payload)
			})
			welcome(socket)
		})
		s.Ping = 30 * time.Second
		summary, _ := s.run(t, Plan{Connections: 1, Duration: 100 * time.Second})
		s.tick(t)
		assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
		assert.Equal(t, []time.Duration{30 * time.Second, 60 * time.Second, 90 * time.Second}, pings)
		assert.Equal(t, []time.Duration{40 * time.Millisecond, 40 * time.Millisecond, 40 * time.Millisecond}, s.durations["pong"])
	})
}

func TestNoPingsUnlessAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(welcome)
		summary, _ := s.run(t, Plan{Connections: 1, Duration: time.Hour})
		s.tick(t)
		<-summary
		assert.Zero(t, s.counted()["pong"])
	})
}

func TestAClosingConnectionIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newPipeFixture(func(socket *websocket.Conn) {
			socket.SetCloseHandler(func(int, string) error { return nil })
			answer(socket, "timeout 1m", "welcome")
			<-t.Context().Done()
		})
		s.Ping = time.Second
		conn := drive(t, s, new(handlerLog))
		s.waitFor(t, "ready", 1)
		conn.Close(NormalClosure, "")
		for _, after := range []time.Duration{time.Second, 10 * time.Second, time.Hour} {
			conn.Tick(time.Now().Add(after))
		}
		assert.Zero(t, conn.lastPing.Load())
		<-conn.Done()
		assert.Zero(t, s.counted()["erred Silence"])
		assert.Equal(t, 1, s.counted()["closed 1000 by us"])
	})
}

// However often a group is asked to, it looks once a second.
func TestAGroupLooksOnceASecond(t *testing.T) {
	t.Parallel()
	s := newPipeFixture(func(*websocket.Conn) {})
	g, now := NewGroup(s.Config, s.roster), time.Now()
	for _, test := range []struct{ after, want time.Duration }{
		{0, 0},
		{999 * time.Millisecond, 0},
		{time.Second, time.Second},
		{1999 * time.Millisecond, time.Second},
		{2001 * time.Millisecond, 2001 * time.Millisecond},
	} {
		g.Tick(now.Add(test.after))
		assert.Equal(t, now.Add(test.want), g.lastTick)
	}
}
