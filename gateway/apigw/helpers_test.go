package apigw

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// integration does what the message asks for.
type integration struct {
	gateway      *Gateway
	refuse       error
	disconnected chan string
}

func (i *integration) Connect(id string) error {
	if i.gateway.Post(id, []byte("too early")) == nil {
		return errors.New("nothing can be posted before the 101")
	}
	return i.refuse
}

func (i *integration) Default(id, body string) error {
	switch body {
	case "fail":
		return errors.New("failed")
	case "panic":
		panic("panicked")
	case "sleep":
		time.Sleep(50 * time.Millisecond)
	}
	return i.gateway.Post(id, []byte("did "+body))
}

func (i *integration) Disconnect(id string) { i.disconnected <- id }

// open runs an API with an integration and connects to it.
func open(t *testing.T, config Config) (*integration, *websocket.Conn, int) {
	t.Helper()
	config.Write = time.Second
	faults := fault.New(fault.Settings{})
	g := New(config, faults)
	i := &integration{gateway: g, disconnected: make(chan string, 1)}
	g.Deploy(i)
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		g.Close()
		faults.Close()
		server.Close()
	})
	conn, status := dial(t, server)
	return i, conn, status
}

func dial(t *testing.T, server *httptest.Server) (*websocket.Conn, int) {
	t.Helper()
	url := "ws" + strings.TrimPrefix(server.URL, "http") + "/dev"
	conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	require.NotNil(t, answer, "%v", err)
	require.NoError(t, answer.Body.Close())
	if err == nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, answer.StatusCode
}

func receive(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, text, err := conn.ReadMessage()
	require.NoError(t, err)
	return string(text)
}
