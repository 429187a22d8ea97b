package listen

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// diary is a Handler that writes down what it is told.
type diary struct {
	mu    sync.Mutex
	lines []string
	panic bool
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
	if d.panic {
		panic("at " + format)
	}
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines
}

func (d *diary) Event(e dialect.Event)               { d.write("event %d %q", e.Kind, e.Request) }
func (d *diary) Message(data []byte, request string) { d.write("message %s %q", data, request) }
func (d *diary) Closed(code int, reason string)      { d.write("closed %d %q", code, reason) }

// drive opens a connection as a script does.
func drive(t *testing.T, s *scene, d *diary) *Conn {
	t.Helper()
	ctx, cancel := testContext(t)
	defer cancel() // which ends no connection that is open
	conn, err := Open(ctx, &s.Config, nil, d)
	require.NoError(t, err)
	go conn.Serve()
	t.Cleanup(func() {
		conn.Close(NormalClosure, "")
		<-conn.Done()
	})
	return conn
}

func TestAConnectionThatAScriptDrives(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newScene(to), new(diary)
	conn := drive(t, s, d)
	s.saw(t, "ready", 1)
	assert.True(t, conn.ready.Load())
	for _, text := range []string{"some data", "failed", "done it", "ended", "refused", "more"} {
		h.say(text)
	}
	s.saw(t, "received", 7)
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
	assert.Equal(t, map[string]int{"hello": 1, "thanks": 1, "text": 1, "request": 1, "bye": 1}, h.left(t, 4000, 1))
	assert.Zero(t, s.told()["delivered"], "it is no listener")
	require.Error(t, conn.Send([]byte("too late")))
}

func TestAConnectionThatTheGatewayCloses(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s, d := newScene(to), new(diary)
	conn := drive(t, s, d)
	s.saw(t, "ready", 1)
	h.each(func(socket *websocket.Conn) {
		_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "moved"))
	})
	<-conn.Done()
	assert.Equal(t, `closed 4001 "moved"`, d.read()[2])
	conn.Close(NormalClosure, "") // which is too late
	assert.Equal(t, 1, s.told()["closed 4001 by gateway"])
}

func TestAConnectionThatManyClose(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s, d := newScene(to), new(diary)
	conn := drive(t, s, d)
	var closing sync.WaitGroup
	for range 10 {
		closing.Go(func() {
			_ = conn.Send([]byte("text"))
			conn.Close(NormalClosure, "")
			conn.Tick(hours(1))
		})
	}
	closing.Wait()
	<-conn.Done()
	assert.Equal(t, 1, s.told()["closed 1000 by us"])
	assert.Zero(t, s.told()["failed handshake"])
}

func TestAConnectionThatDoesNotComeAbout(t *testing.T) {
	t.Parallel()
	s, d := newScene(httpGateway(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
	})), new(diary)
	_, err := Open(t.Context(), &s.Config, nil, d)
	var failed *wire.DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, http.StatusForbidden, failed.Status)
	assert.Equal(t, []*wire.DialError{failed}, s.failures)
	assert.Empty(t, d.read())
}

// The whole way to ready must not take longer than Timeout, dialling included.
func TestADialThatTakesTooLong(t *testing.T) {
	t.Parallel()
	s := newScene(httpGateway(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	s.Timeout = 100 * time.Millisecond
	_, err := Open(t.Context(), &s.Config, nil, nil)
	var failed *wire.DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, wire.PhaseUpgrade, failed.Phase)
	assert.Equal(t, map[string]int{"failed upgrade": 1}, s.told())
}

// A handler that panics is told all the same that the connection is closed.
func TestAHandlerThatPanics(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s, d := newScene(to), &diary{panic: true}
	conn := drive(t, s, d)
	<-conn.Done()
	assert.Equal(t, []string{`event 1 ""`, `closed 1011 "panic while reading: at event %d %q"`}, d.read())
	assert.Equal(t, 1, s.told()["closed 1011 by us"])
}
