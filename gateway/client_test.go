package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// wait is how long a test waits for what must come. It is never measured.
const wait = 20 * time.Second

// server is a gateway with the ways a client has into it.
type server struct {
	*testing.T

	gateway *gateway.Gateway
	http    *httptest.Server
}

// start runs a gateway until the test ends.
func start(t *testing.T, config gateway.Config) *server {
	t.Helper()
	s := &server{T: t, gateway: gateway.New(config)}
	s.http = httptest.NewServer(s.gateway.Handler())
	t.Cleanup(func() {
		s.gateway.Close()
		s.http.Close()
	})
	return s
}

func (s *server) host() string { return strings.TrimPrefix(s.http.URL, "http://") }

// do sends an HTTP request and returns status, headers and body.
func (s *server) do(method, path, body string, headers ...string) (int, http.Header, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.http.URL+path, strings.NewReader(body))
	require.NoError(s, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(s, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	require.NoError(s, answer.Body.Close())
	return answer.StatusCode, answer.Header, string(text)
}

func (s *server) stats() gateway.Stats {
	s.Helper()
	status, _, body := s.do(http.MethodGet, "/stats", "")
	require.Equal(s, http.StatusOK, status)
	var stats gateway.Stats
	require.NoError(s, json.Unmarshal([]byte(body), &stats))
	return stats
}

// client is one WebSocket connection to the server.
type client struct {
	*websocket.Conn

	s *server
}

// dial upgrades, or fails the test.
func (s *server) dial(path string, header http.Header, subprotocols ...string) *client {
	s.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	conn, answer, err := dialer.DialContext(s.Context(), "ws://"+s.host()+path, header)
	require.NoError(s, err)
	require.NoError(s, answer.Body.Close())
	s.Cleanup(func() { _ = conn.Close() })
	return &client{conn, s}
}

func (c *client) say(text string) {
	c.s.Helper()
	require.NoError(c.s, c.WriteMessage(websocket.TextMessage, []byte(text)))
}

// hear returns the next message.
func (c *client) hear() string {
	c.s.Helper()
	require.NoError(c.s, c.SetReadDeadline(time.Now().Add(wait)))
	kind, text, err := c.ReadMessage()
	require.NoError(c.s, err)
	require.Equal(c.s, websocket.TextMessage, kind)
	return string(text)
}

// ended reads to the end and returns the close code and reason.
func (c *client) ended() (int, string) {
	c.s.Helper()
	require.NoError(c.s, c.SetReadDeadline(time.Now().Add(wait)))
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			require.ErrorAs(c.s, err, &closed)
			return closed.Code, closed.Text
		}
	}
}

// chat is a connection with a nickname, in a room if one is given.
func (s *server) chat(name, room string) *client {
	s.Helper()
	c := s.dial("/dev", nil)
	c.say(name)
	require.Equal(s, "Using nickname: "+name+"\nType /help for list of commands.", c.hear())
	if room != "" {
		c.say("/join " + room)
		require.Equal(s, `Joined chat room "`+room+`"`, c.hear())
	}
	return c
}

const onCreateRoom = "subscription { onCreateRoom { __typename id title } }"

// subscribed is a connection with one acknowledged subscription.
func (s *server) subscribed(query string, variables map[string]any) *client {
	s.Helper()
	c := s.realtime()
	c.start("1", query, variables)
	require.JSONEq(s, `{"id":"1","type":"start_ack"}`, c.hear())
	return c
}

// realtime is a connection that was acknowledged.
func (s *server) realtime() *client {
	s.Helper()
	c := s.dial("/graphql", http.Header{"x-api-key": {gateway.APIKey}}, "graphql-ws")
	c.say(`{"type":"connection_init"}`)
	require.JSONEq(s, `{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`, c.hear())
	require.JSONEq(s, `{"type":"ka"}`, c.hear())
	return c
}

func (c *client) start(id, query string, variables map[string]any) {
	c.s.Helper()
	c.say(c.startText(id, query, variables))
}

func (c *client) startText(id, query string, variables map[string]any) string {
	c.s.Helper()
	data, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(c.s, err)
	text, err := json.Marshal(map[string]any{"id": id, "type": "start", "payload": map[string]any{
		"data":       string(data),
		"extensions": map[string]any{"authorization": map[string]any{"host": c.s.host(), "x-api-key": gateway.APIKey}},
	}})
	require.NoError(c.s, err)
	return string(text)
}

// mutate publishes a room and returns the answer.
func (s *server) mutate(selection, title string) string {
	s.Helper()
	body, err := json.Marshal(map[string]any{
		"query":     "mutation($t: String!) { createRoom(input: { title: $t, owner: \"me\" }) " + selection + " }",
		"variables": map[string]any{"t": title},
	})
	require.NoError(s, err)
	status, _, answer := s.do(http.MethodPost, "/graphql", string(body), "x-api-key", gateway.APIKey)
	require.Equal(s, http.StatusOK, status)
	require.False(s, gjson.Get(answer, "errors").Exists(), answer)
	return answer
}

func stamped(sequence int) string {
	return stamp.Stamp{Origin: 0xabcdef01, Sequence: uint32(sequence), Sent: time.Now()}.String()
}

func (s *server) eventually(what string, condition func(gateway.Stats) bool) gateway.Stats {
	s.Helper()
	for deadline := time.Now().Add(wait); ; time.Sleep(5 * time.Millisecond) {
		stats := s.stats()
		if condition(stats) {
			return stats
		}
		require.True(s, time.Now().Before(deadline), fmt.Sprintf("%s: %+v", what, stats))
	}
}
