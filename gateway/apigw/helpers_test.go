package apigw

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.FixedZone("elsewhere", 3600) // so that local time isn't mistaken for UTC
	goleak.VerifyTestMain(m)
}

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// integration does what the message asks for, and keeps a log.
type integration struct {
	gateway      *Gateway
	refuse       error
	disconnected chan string
	goOn         chan struct{} // closed when "wait" is to end

	mu  sync.Mutex
	ids []string
	log []string
}

func (i *integration) logs(text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.log = append(i.log, text)
}

// logged returns the log so far. The integration may be called until the gateway is closed.
func (i *integration) logged() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.log)
}

func (i *integration) Connect(id string) error {
	i.logs("connect")
	i.mu.Lock()
	i.ids = append(i.ids, id)
	i.mu.Unlock()
	if i.gateway.Post(id, []byte("too early")) == nil {
		return errors.New("nothing can be posted before the 101")
	}
	return i.refuse
}

func (i *integration) Default(id, body string) error {
	switch body {
	case "fail":
		return errors.New("failed")
	case "no route":
		return ErrForbidden
	case "panic":
		panic("panicked")
	case "wait":
		select {
		case <-i.goOn:
		case <-time.After(timeout):
		}
	case "until it has left":
		for i.gateway.Post(id, nil) == nil {
			time.Sleep(time.Millisecond)
		}
	}
	i.logs(body)
	return i.gateway.Post(id, []byte("did "+body))
}

func (i *integration) Disconnect(id string) {
	i.logs("disconnect")
	i.disconnected <- id
}

// id returns the id of the connection that came last.
func (i *integration) id() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.ids[len(i.ids)-1]
}

// fixture is an API with an integration, behind an HTTP server.
type fixture struct {
	*testing.T

	gateway     *Gateway
	faults      *fault.Faults
	integration *integration
	server      *httptest.Server
}

func newFixture(t *testing.T, config Config) *fixture {
	t.Helper()
	config.Write, config.Stage = timeout, "dev"
	if config.IntegrationTimeout == 0 {
		config.IntegrationTimeout = time.Minute
	}
	faults := fault.New(fault.Settings{})
	f := &fixture{T: t, gateway: New(config, faults), faults: faults}
	f.integration = &integration{gateway: f.gateway, disconnected: make(chan string, 10), goOn: make(chan struct{})}
	f.gateway.Deploy(f.integration)
	f.server = httptest.NewServer(f.gateway)
	t.Cleanup(func() {
		f.gateway.Close()
		faults.Close()
		f.server.Close()
	})
	return f
}

func (f *fixture) fault(body string) {
	f.Helper()
	change, err := fault.Read(f.faults.Settings(), []byte(body))
	require.NoError(f, err)
	f.faults.Set(change.Settings)
}

// upgrade asks for an upgrade. The connection is nil if it was refused.
func (f *fixture) upgrade() (conn *websocket.Conn, status int, body string) {
	f.Helper()
	url := "ws" + strings.TrimPrefix(f.server.URL, "http") + "/dev"
	conn, answer, err := websocket.DefaultDialer.DialContext(f.Context(), url, http.Header{"User-Agent": {"tester/1"}})
	require.NotNil(f, answer, "%v", err)
	text, readErr := io.ReadAll(answer.Body)
	require.NoError(f, readErr)
	require.NoError(f, answer.Body.Close())
	if err != nil {
		return nil, answer.StatusCode, string(text)
	}
	f.Cleanup(func() { _ = conn.Close() })
	require.NoError(f, conn.SetReadDeadline(time.Now().Add(timeout)))
	return conn, answer.StatusCode, ""
}

// dial returns a new connection and its id.
func (f *fixture) dial() (*websocket.Conn, string) {
	f.Helper()
	conn, status, body := f.upgrade()
	require.Equal(f, http.StatusSwitchingProtocols, status, body)
	id := f.integration.id()
	// The client may have the 101 before the gateway knows the connection.
	require.Eventually(f, func() bool { _, ok := f.gateway.lookup(id); return ok }, timeout, time.Millisecond)
	return conn, id
}

func send(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(text)))
}

func receive(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, text, err := conn.ReadMessage()
	require.NoError(t, err)
	return string(text)
}
