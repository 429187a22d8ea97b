package apigw

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// integration does what the text it is given says.
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

func hear(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, text, err := conn.ReadMessage()
	require.NoError(t, err)
	return string(text)
}

// Whatever an integration does, the client is told, and the connection lives.
func TestAFailingIntegration(t *testing.T) {
	t.Parallel()
	i, conn, _ := open(t, Config{IntegrationTimeout: time.Minute})
	for _, says := range []string{"fail", "panic"} {
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(says)))
		require.Equal(t, "Internal server error", gjson.Get(hear(t, conn), "message").Str)
	}
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("work")))
	require.Equal(t, "did work", hear(t, conn))
	require.NoError(t, conn.Close())
	require.True(t, wellFormed(<-i.disconnected))
}

func TestASlowIntegration(t *testing.T) {
	t.Parallel()
	_, conn, _ := open(t, Config{IntegrationTimeout: time.Millisecond})
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("sleep")))
	require.Equal(t, "Endpoint request timed out", gjson.Get(hear(t, conn), "message").Str)
	require.Equal(t, "did sleep", hear(t, conn), "it goes on nevertheless")
}

func TestARefusingIntegration(t *testing.T) {
	t.Parallel()
	faults := fault.New(fault.Settings{})
	g := New(Config{Write: time.Second}, faults)
	g.Deploy(&integration{gateway: g, refuse: errors.New("no")})
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		g.Close()
		faults.Close()
		server.Close()
	})
	_, status := dial(t, server)
	require.Equal(t, http.StatusBadGateway, status)
	require.EqualValues(t, 1, g.Hub.Counters.Refused.Load())
	require.Empty(t, g.Hub.Conns())
}

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		id := newID()
		require.Len(t, id, 16)
		require.True(t, wellFormed(id), id)
		require.False(t, seen[id], id)
		seen[id] = true
	}
	for _, id := range []string{"", "L0SM9cOFvHcCIhw", "L0SM9cOFvHcCIhw==", "L0SM9cOFvHcCIh==", "L0SM9cOF+HcCIhw=", "L0SM9cOFvHcCIhw=\n"} {
		require.False(t, wellFormed(id), "%q", id)
	}
	require.True(t, wellFormed("L0SM9cOFvHcCIhw="))
}
