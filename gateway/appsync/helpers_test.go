package appsync

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	time.Local = time.FixedZone("elsewhere", 3600) // so that local time isn't mistaken for UTC
	goleak.VerifyTestMain(m)
}

// timeout is how long a test waits for what must come.
const timeout = time.Minute

const apiKey = "da2-key"

// anyRoom is the document of a subscription to every room.
const anyRoom = `{"query":"subscription { onCreateRoom { id title } }"}`

// fixture is an API behind an HTTP server.
type fixture struct {
	*testing.T

	gateway *Gateway
	faults  *fault.Faults
	server  *httptest.Server
}

func newFixture(t *testing.T, config Config) *fixture {
	t.Helper()
	config.Access.APIKey = apiKey
	if config.KeepAlive == 0 {
		config.KeepAlive = time.Hour
	}
	if config.Write == 0 {
		config.Write = timeout
	}
	faults := fault.New(fault.Settings{})
	f := &fixture{T: t, gateway: New(config, faults), faults: faults}
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

func (f *fixture) host() string { return f.server.Listener.Addr().String() }

// dial returns a new connection, on which nothing has been sent.
func (f *fixture) dial() *websocket.Conn {
	f.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}}
	conn, answer, err := dialer.DialContext(f.Context(), "ws://"+f.host(), http.Header{"X-Api-Key": {apiKey}})
	require.NoError(f, err)
	require.NoError(f, answer.Body.Close())
	f.Cleanup(func() { _ = conn.Close() })
	require.NoError(f, conn.SetReadDeadline(time.Now().Add(timeout)))
	return conn
}

// start is a start message with good credentials.
func (f *fixture) start(id, document string) string {
	return fmt.Sprintf(`{"id":%q,"type":"start","payload":{"data":%q,"extensions":{"authorization":{"host":%q,"x-api-key":%q}}}}`,
		id, document, f.host(), apiKey)
}

// subscribe begins a subscription and waits until it is acknowledged.
func (f *fixture) subscribe(conn *websocket.Conn, id, document string) {
	f.Helper()
	send(f.T, conn, f.start(id, document))
	require.JSONEq(f, fmt.Sprintf(`{"id":%q,"type":"start_ack"}`, id), receive(f.T, conn))
}

// event is a room of which all fields were selected.
func (f *fixture) event(title string) (event *graphql.Event) {
	f.Helper()
	operation, wrong := f.gateway.schema.Prepare(graphql.Request{
		Query:     `mutation($title: String!) { createRoom(input: { title: $title, owner: "me" }) { id title owner createdAt } }`,
		Variables: map[string]any{"title": title},
	})
	require.Empty(f, wrong)
	answer := operation.Execute(func(e *graphql.Event) { event = e })
	require.Empty(f, answer.Errors)
	return event
}

// publish publishes a room of which all fields were selected.
func (f *fixture) publish(title string) { f.gateway.publish(f.event(title)) }

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

func requireClose(t *testing.T, conn *websocket.Conn, code int) {
	t.Helper()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			require.True(t, websocket.IsCloseError(err, code), "%v", err)
			return
		}
	}
}

// outlet holds up its first delivery until it is released.
type outlet struct{ begun, release chan struct{} }

func (o outlet) Data(_ []byte, written func(error)) error {
	select {
	case <-o.release:
	case o.begun <- struct{}{}:
		<-o.release
	}
	written(nil)
	return nil
}

func (outlet) Error() error { return nil }
func (outlet) Cut()         {}
