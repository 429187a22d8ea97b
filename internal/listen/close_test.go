package listen

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
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
	assert.Equal(t, []Closing{{Code: 4000, Reason: "first"}}, s.closings)
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

// However a handshake ends, the error says where it stood, once.
func TestAFailedHandshakeIsExplained(t *testing.T) {
	t.Parallel()
	closed := func(code int, reason string) func(*websocket.Conn) {
		return func(socket *websocket.Conn) {
			_, _, _ = socket.ReadMessage()
			_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
			readToEnd(socket)
		}
	}
	for name, c := range map[string]struct {
		gateway func(*websocket.Conn)
		want    string
	}{
		"it takes too long": {readToEnd, "the gateway did not finish the handshake in time"},
		"a step does":       {func(socket *websocket.Conn) { answer(socket, "step 3s") }, "no such reply came in time"},
		"it is refused":     {func(socket *websocket.Conn) { answer(socket, "refused") }, "Refused"},
		"it is broken off":  {closed(4000, "bye"), "websocket: close 4000: bye"},
		"after the upgrade": {
			closed(1002, ""), "websocket: close 1002 (protocol error), straight after the upgrade, which is how a gateway " +
				"refuses credentials: check the key, and the option \"credentials\"",
		},
		"listen() ends": {func(socket *websocket.Conn) { answer(socket, "step 1h") }, "listen() ended before the connection was ready"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newPipeFixture(c.gateway)
				prepare := s.Prepare
				s.Prepare = func(ctx context.Context, i int) (Prepared, error) {
					prepared, err := prepare(ctx, i)
					prepared.Session = talkative{}
					return prepared, err
				}
				duration := map[bool]time.Duration{true: 30 * time.Second}[name == "listen() ends"]
				summary, _ := s.run(t, Plan{Connections: 1, Duration: duration})
				s.tick(t)
				assert.EqualValues(t, 1, (<-summary).Failed)
				require.Len(t, s.failures, 1)
				assert.EqualError(t, s.failures[0].Err, "before the welcome: "+c.want)
			})
		})
	}
}

// Whether a listener's connection was cut, and so its outstanding deliveries are lost,
// depends on who ended it.
func TestWhoEndedAConnection(t *testing.T) {
	t.Parallel()
	closeWith := func(code int, reason string) func(*testing.T, *fixture, *hub, func()) {
		return func(_ *testing.T, _ *fixture, h *hub, _ func()) {
			h.each(func(socket *websocket.Conn) {
				_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
			})
		}
	}
	sever := func(linger int) func(*testing.T, *fixture, *hub, func()) {
		return func(_ *testing.T, _ *fixture, h *hub, _ func()) {
			h.each(func(socket *websocket.Conn) {
				if tcp, ok := socket.NetConn().(*net.TCPConn); ok {
					_ = tcp.SetLinger(linger)
				}
				_ = socket.NetConn().Close()
			})
		}
	}
	say := func(text string) func(*testing.T, *fixture, *hub, func()) {
		return func(_ *testing.T, _ *fixture, h *hub, _ func()) { h.send(text) }
	}
	for name, test := range map[string]struct {
		end  func(t *testing.T, s *fixture, h *hub, stop func())
		want Closing // its Reason is a part of it
	}{
		"the gateway closes":         {closeWith(4001, "moved"), Closing{Code: 4001, Reason: "moved", ByGateway: true, Cut: true}},
		"the gateway says goodbye":   {closeWith(1000, ""), Closing{Code: 1000, ByGateway: true, Cut: true}},
		"the gateway refuses a text": {closeWith(1002, "bad"), Closing{Code: 1002, Reason: "bad", ByGateway: true, Cut: true}},
		"the gateway vanishes":       {sever(-1), Closing{Code: 1006, ByGateway: true, Cut: true}},
		"the gateway resets":         {sever(0), Closing{Code: 1006, Reason: "connection reset", ByGateway: true, Cut: true}},
		"what it was for is over":    {say("ended"), Closing{Code: 1000, ByGateway: true, Cut: true}},
		"the gateway is silent": {
			func(t *testing.T, s *fixture, h *hub, _ func()) {
				t.Helper()
				h.send("timeout 1m")
				s.waitFor(t, "received", 2)
				s.group.Tick(time.Now().Add(time.Hour))
			},
			Closing{Code: 1001, Reason: "the gateway sent nothing for 1m0s", Cut: true},
		},
		"this side stops":  {func(_ *testing.T, _ *fixture, _ *hub, stop func()) { stop() }, Closing{Code: 1000}},
		"this side panics": {say("panic"), Closing{Code: 1011, Reason: "as the gateway asked"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, to := newHub(t, "welcome")
			s := newFixture(to)
			summary, stop := s.run(t, Plan{Connections: 1})
			s.waitForReady(t, 1)
			account := s.audience.OpenSeries(1, 0)
			account.Publish(time.Now())
			test.end(t, s, h, stop)
			got := <-summary
			result := account.Close()
			count, _ := s.roster.Watch()
			if test.want.Cut {
				assert.EqualValues(t, 1, result.Cut)
				assert.EqualValues(t, 1, result.Lost)
				assert.Equal(t, 1, s.missing.Len())
				assert.Equal(t, 1, count.CutOff)
			} else {
				assert.EqualValues(t, 1, result.Indeterminate)
				assert.Zero(t, s.missing.Len())
				assert.Zero(t, count.CutOff)
			}
			assert.Equal(t, test.want.ByGateway, got.Closed == 1)
			require.Len(t, s.closings, 1)
			assert.Contains(t, s.closings[0].Reason, test.want.Reason)
			s.closings[0].Reason = test.want.Reason
			assert.Equal(t, test.want, s.closings[0])
		})
	}
}

// A connection that never was ready isn't cut off, whoever ended it.
func TestNobodyIsCutOffWhoNeverWasReady(t *testing.T) {
	t.Parallel()
	s := newFixture(gateway(t, func(socket *websocket.Conn) { hangUp(socket, 1011) }))
	summary, _ := s.run(t, Plan{Connections: 2})
	assert.Equal(t, Summary{Opened: 2, Failed: 2, Closed: 2, RanOut: true}, <-summary)
	assert.Equal(t, []Closing{{Code: 1011, ByGateway: true}, {Code: 1011, ByGateway: true}}, s.closings)
	count, _ := s.roster.Watch()
	assert.Zero(t, count.CutOff)
}

// Straight after the upgrade the code for a protocol error means that the credentials
// were refused. Later it means what it says.
func TestAClosingThatRefusesCredentials(t *testing.T) {
	t.Parallel()
	const hint = ", straight after the upgrade, which is how a gateway refuses credentials: " +
		"check the key, and the option \"credentials\""
	for name, test := range map[string]struct {
		code  int
		first []string // what the gateway sends before it closes
		want  string
	}{
		"at once":           {1002, nil, "websocket: close 1002 (protocol error)" + hint},
		"after a message":   {1002, []string{"what"}, "websocket: close 1002 (protocol error)"},
		"with another code": {1008, nil, "websocket: close 1008 (policy violation)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(gateway(t, func(socket *websocket.Conn) {
				write(socket, test.first...)
				hangUp(socket, test.code)
			}))
			summary, _ := s.run(t, Plan{Connections: 1})
			assert.Equal(t, Summary{Opened: 1, Failed: 1, Closed: 1, RanOut: true}, <-summary)
			require.Len(t, s.failures, 1)
			assert.Equal(t, wire.PhaseHandshake, s.failures[0].Phase)
			require.EqualError(t, s.failures[0].Err, test.want)
			var closed *websocket.CloseError
			assert.ErrorAs(t, s.failures[0], &closed)
		})
	}
}

// Failure is what the observer was told, and nil where nothing failed.
func TestFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		welcome string
		failed  bool
		stopped bool
	}{
		"ready":   {welcome: "welcome"},
		"refused": {welcome: "refused", failed: true},
		"late":    {welcome: "what", failed: true},
		"stopped": {welcome: "what", stopped: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, to := newHub(t, test.welcome)
			s := newFixture(to)
			conn := drive(t, s, new(handlerLog))
			s.waitFor(t, "received", 1)
			if test.stopped {
				conn.Close(NormalClosure, "")
			}
			conn.Tick(time.Now().Add(time.Hour))
			if name == "ready" {
				conn.Close(NormalClosure, "")
			}
			<-conn.Done()
			if !test.failed {
				assert.Nil(t, conn.Failure())
				assert.Empty(t, s.failures)
				assert.Equal(t, test.stopped, s.counted()["abandoned"] == 1)
				return
			}
			require.NotNil(t, conn.Failure())
			assert.Equal(t, []*wire.DialError{conn.Failure()}, s.failures)
			assert.Equal(t, wire.PhaseHandshake, conn.Failure().Phase)
		})
	}
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

// What violates the protocol, or this side's limit, is an error by its name, and ends the
// connection. The limit is this side's own, so the gateway didn't close.
func TestViolations(t *testing.T) {
	t.Parallel()
	badFrame := func(socket *websocket.Conn) { _, _ = socket.NetConn().Write([]byte{0xf1, 0}) }
	tooLong := func(socket *websocket.Conn) { write(socket, strings.Repeat("x", 2000)) }
	for name, test := range map[string]struct {
		send func(*websocket.Conn)
		name string
		want Closing
	}{
		"of the protocol": {badFrame, wire.ProtocolError, Closing{Code: 1002, ByGateway: true, Cut: true, Violation: wire.ProtocolError}},
		"of the limit":    {tooLong, wire.MessageTooBig, Closing{Code: 1009, Cut: true, Violation: wire.MessageTooBig}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, to := newHub(t, "welcome")
			to.MaxMessage = 1000
			s := newFixture(to)
			summary, _ := s.run(t, Plan{Connections: 1})
			s.waitForReady(t, 1)
			h.each(test.send)
			got := <-summary
			assert.Equal(t, 1, s.missing.Len())
			assert.Equal(t, test.want.ByGateway, got.Closed == 1)
			assert.Equal(t, 1, s.counted()["erred "+test.name])
			require.Len(t, s.closings, 1)
			assert.NotEmpty(t, s.closings[0].Reason)
			s.closings[0].Reason = ""
			assert.Equal(t, test.want, s.closings[0])

			// Straight after the upgrade too it is what it is, and no matter of credentials.
			to = gateway(t, func(socket *websocket.Conn) {
				test.send(socket)
				readToEnd(socket)
			})
			to.MaxMessage = 1000
			s = newFixture(to)
			summary, _ = s.run(t, Plan{Connections: 1})
			got = <-summary
			assert.Equal(t, Summary{Opened: 1, Failed: 1, Closed: got.Closed, RanOut: true}, got)
			assert.Equal(t, 1, s.counted()["erred "+test.name])
			require.Len(t, s.failures, 1)
			assert.NotContains(t, s.failures[0].Error(), "credentials")

			// An observer that panics at it keeps no listener in the audience.
			h, to = newHub(t, "welcome")
			to.MaxMessage = 1000
			s = newFixture(to)
			s.panicsAt = "erred"
			summary, _ = s.run(t, Plan{Connections: 1})
			s.waitForReady(t, 1)
			h.each(test.send)
			<-summary
			s.waitForAudience(t, func(c ledger.Count) bool { return c.Left == 1 && c.Ready == 0 })
		})
	}
}
