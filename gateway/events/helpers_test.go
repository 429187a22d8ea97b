package events

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}))
}

// timeout is how long a test waits for what must come.
const timeout = time.Minute

const (
	apiKey = "da2-key"
	token  = "a-token"
)

var keys = sigv4.Keys{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", Region: "us-east-1"}

// fixture is an API behind an HTTP server.
type fixture struct {
	*testing.T

	gateway *Gateway
	faults  *fault.Faults
	server  *httptest.Server
}

func newFixture(t *testing.T, config Config) *fixture {
	t.Helper()
	faults := fault.New(fault.Settings{})
	config.Access, config.Write = auth.Policy{APIKey: apiKey, Token: token, Keys: keys}, timeout
	if config.Namespaces == nil {
		config.Namespaces = []string{"default", "other"}
	}
	if config.KeepAlive == 0 {
		config.KeepAlive = time.Hour
	}
	if config.PublishRate == 0 {
		config.PublishRate = 1000
	}
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

// conn is a connection to the API.
type conn struct {
	*websocket.Conn

	f *fixture
}

// upgrade returns a new connection, on which nothing has been sent.
func (f *fixture) upgrade(header http.Header, subprotocols ...string) conn {
	f.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	c, answer, err := dialer.DialContext(f.Context(), "ws://"+f.host()+"/event/realtime", header)
	require.NoError(f, err)
	require.NoError(f, answer.Body.Close())
	f.Cleanup(func() { _ = c.Close() })
	require.NoError(f, c.SetReadDeadline(time.Now().Add(timeout)))
	return conn{c, f}
}

// dial returns a new connection that has been acknowledged.
func (f *fixture) dial() conn {
	f.Helper()
	c := f.upgrade(http.Header{"X-Api-Key": {apiKey}}, subprotocol)
	c.ask(`{"type":"connection_init"}`, `{"type":"connection_ack","connectionTimeoutMs":300000}`)
	return c
}

func (c conn) send(text string) {
	c.f.Helper()
	require.NoError(c.f, c.WriteMessage(websocket.TextMessage, []byte(text)))
}

func (c conn) receive() string {
	c.f.Helper()
	_, text, err := c.ReadMessage()
	require.NoError(c.f, err)
	return string(text)
}

// ask sends a message and requires the answer to be this one.
func (c conn) ask(text, want string) {
	c.f.Helper()
	c.send(text)
	require.JSONEq(c.f, want, c.receive())
}

// authorization is the authorization object of a message.
const authorization = `{"x-api-key":"` + apiKey + `"}`

func subscribeText(id, channel string) string {
	return fmt.Sprintf(`{"type":"subscribe","id":%q,"channel":%q,"authorization":%s}`, id, channel, authorization)
}

// publishText is a message that publishes events, which are written as JSON.
func publishText(id, channel, events string) string {
	return fmt.Sprintf(`{"type":"publish","id":%q,"channel":%q,"events":%s,"authorization":%s}`, id, channel, events, authorization)
}

func (c conn) subscribe(id, channel string) {
	c.f.Helper()
	c.ask(subscribeText(id, channel), fmt.Sprintf(`{"type":"subscribe_success","id":%q}`, id))
}

// post publishes over HTTP and returns the status and the body of the answer.
func (f *fixture) post(body string, headers ...string) (int, string) {
	f.Helper()
	return f.do(http.MethodPost, "/event", body, append([]string{"x-api-key", apiKey}, headers...)...)
}

func (f *fixture) do(method, path, body string, headers ...string) (int, string) {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), method, f.server.URL+path, strings.NewReader(body))
	require.NoError(f, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(f, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(f, err)
	require.NoError(f, answer.Body.Close())
	return answer.StatusCode, string(text)
}

func requireClose(t *testing.T, c conn, code int) {
	t.Helper()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			require.True(t, websocket.IsCloseError(err, code), "%v", err)
			return
		}
	}
}
