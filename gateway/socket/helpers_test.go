package socket

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// tick is how often a test looks whether something has happened.
const tick = time.Millisecond

// owner keeps what it receives.
type owner struct {
	mu     sync.Mutex
	texts  []string
	before func()        // called by Closed, unless it is nil
	closed chan struct{} // closed by Closed
}

func (o *owner) Text(message []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.texts = append(o.texts, string(message))
}

func (o *owner) Closed() {
	if o.before != nil {
		o.before()
	}
	close(o.closed)
}

func (o *owner) received() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.texts...)
}

// fixture is a hub behind an HTTP server.
type fixture struct {
	*testing.T

	hub      *Hub
	server   *httptest.Server
	served   chan *Conn
	compress bool        // the client offers permessage-deflate
	before   func(*Conn) // called between Upgrade and Serve, unless it is nil
	closed   func(*Conn) // called by the owner's Closed, unless it is nil
}

// servers start a fixture without and with TLS.
var servers = map[string]func(t *testing.T, limits Limits) *fixture{
	"plain": newFixture,
	"TLS": func(t *testing.T, limits Limits) *fixture {
		return newFixtureOn(t, limits, (*httptest.Server).StartTLS)
	},
}

func newFixture(t *testing.T, limits Limits) *fixture {
	t.Helper()
	return newFixtureOn(t, limits, (*httptest.Server).Start)
}

func newFixtureOn(t *testing.T, limits Limits, start func(*httptest.Server)) *fixture {
	t.Helper()
	if limits.Message == 0 {
		limits.Message = 1 << 10
	}
	if limits.Write == 0 {
		limits.Write = timeout
	}
	f := &fixture{T: t, hub: NewHub(limits, "one", "two"), served: make(chan *Conn, 1)}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := f.hub.Upgrade(w, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		if f.before != nil {
			f.before(c)
		}
		o := &owner{closed: make(chan struct{})}
		if f.closed != nil {
			o.before = func() { f.closed(c) }
		}
		f.hub.Serve(c, o)
		f.served <- c
	}))
	start(f.server)
	t.Cleanup(func() {
		f.hub.Close()
		f.server.Close()
	})
	return f
}

// dial returns both ends of a new connection.
func (f *fixture) dial(subprotocols ...string) (*websocket.Conn, *Conn, *owner) {
	f.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols, EnableCompression: f.compress}
	if transport, ok := f.server.Client().Transport.(*http.Transport); ok {
		dialer.TLSClientConfig = transport.TLSClientConfig
	}
	client, answer, err := dialer.DialContext(f.Context(), "ws"+f.server.URL[len("http"):], nil)
	require.NoError(f, err)
	require.NoError(f, answer.Body.Close())
	f.Cleanup(func() { _ = client.Close() })
	require.NoError(f, client.SetReadDeadline(time.Now().Add(timeout)))
	c := <-f.served
	return client, c, c.Owner.(*owner)
}

// wait waits until a channel is closed.
func wait(t *testing.T, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(timeout):
		require.FailNow(t, "it didn't happen")
	}
}

// requireClose reads to the end, which must be a close frame.
func requireClose(t *testing.T, client *websocket.Conn, code int, reason string) {
	t.Helper()
	for {
		if _, _, err := client.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			require.ErrorAs(t, err, &closed)
			require.Equal(t, code, closed.Code)
			require.Equal(t, reason, closed.Text)
			return
		}
	}
}

// reset makes the client's end of the connection end without a close frame.
func reset(t *testing.T, client *websocket.Conn) {
	t.Helper()
	require.NoError(t, client.NetConn().(*net.TCPConn).SetLinger(0))
	require.NoError(t, client.Close())
}
