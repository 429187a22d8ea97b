package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.uber.org/goleak"
)

// TestMain checks that all goroutines end when the gateways are closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}))
}

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// server is a gateway that listens on a port of its own.
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
	return s.dialWith(websocket.Dialer{Subprotocols: subprotocols}, path, header)
}

func (s *server) dialWith(dialer websocket.Dialer, path string, header http.Header) *client {
	s.Helper()
	conn, answer, err := dialer.DialContext(s.Context(), "ws://"+s.host()+path, header)
	require.NoError(s, err)
	require.NoError(s, answer.Body.Close())
	s.Cleanup(func() { _ = conn.Close() })
	return &client{conn, s}
}

func (c *client) send(text string) {
	c.s.Helper()
	require.NoError(c.s, c.WriteMessage(websocket.TextMessage, []byte(text)))
}

// hear returns the next message.
func (c *client) receive() string {
	c.s.Helper()
	require.NoError(c.s, c.SetReadDeadline(time.Now().Add(timeout)))
	kind, text, err := c.ReadMessage()
	require.NoError(c.s, err)
	require.Equal(c.s, websocket.TextMessage, kind)
	return string(text)
}

// ended reads to the end and returns the close code and reason.
func (c *client) ended() (int, string) {
	c.s.Helper()
	require.NoError(c.s, c.SetReadDeadline(time.Now().Add(timeout)))
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
	return s.chatWith(name, room, websocket.Dialer{})
}

func (s *server) chatWith(name, room string, dialer websocket.Dialer) *client {
	s.Helper()
	c := s.dialWith(dialer, "/dev", nil)
	c.send(name)
	require.Equal(s, "Using nickname: "+name+"\nType /help for list of commands.", c.receive())
	if room != "" {
		c.send("/join " + room)
		require.Equal(s, `Joined chat room "`+room+`"`, c.receive())
	}
	return c
}

func stamped(sequence int) string {
	return stamp.Stamp{Origin: 0xabcdef01, Sequence: uint32(sequence), Sent: time.Now()}.String()
}

func (s *server) eventually(what string, condition func(gateway.Stats) bool) gateway.Stats {
	s.Helper()
	for deadline := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		stats := s.stats()
		if condition(stats) {
			return stats
		}
		require.True(s, time.Now().Before(deadline), fmt.Sprintf("%s: %+v", what, stats))
	}
}

// connectionID returns the client's own id. It makes the gateway write an error
// frame before a broadcast, because only error frames have the id.
func (c *client) connectionID() string {
	c.s.Helper()
	c.s.do(http.MethodPost, "/faults", `{"errors": 1}`)
	c.send("who am I")
	frame := c.receive()
	require.Contains(c.s, c.receive(), "who am I")
	c.s.do(http.MethodDelete, "/faults", "")
	return gjson.Get(frame, "connectionId").Str
}

func connectionPath(id string) string { return "/dev/@connections/" + url.QueryEscape(id) }

// upgrade asks for an upgrade and returns the answer's status.
func (s *server) upgrade(path string, subprotocols ...string) int {
	s.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	conn, answer, err := dialer.DialContext(s.Context(), "ws://"+s.host()+path, http.Header{"x-api-key": {gateway.APIKey}})
	if err == nil {
		require.NoError(s, conn.Close())
	}
	require.NotNil(s, answer, "%v", err)
	require.NoError(s, answer.Body.Close())
	return answer.StatusCode
}

func (s *server) fault(body string) {
	s.Helper()
	status, _, answer := s.do(http.MethodPost, "/faults", body)
	require.Equal(s, http.StatusOK, status, answer)
}

func (s *server) faults() string {
	s.Helper()
	_, _, body := s.do(http.MethodGet, "/faults", "")
	return body
}

// audience is a set of listeners, with what publishes to them and where their
// deliveries are counted.
type audience struct {
	listeners []*client
	publish   func(text string)
	side      func(gateway.Stats) gateway.Side
}

// gatherers gather an audience on each gateway.
var gatherers = map[string]func(s *server, listeners int) audience{
	"chat": (*server).chatAudience, "rooms": (*server).roomAudience, "events": (*server).eventsAudience,
}

// joiners make a listener on each gateway that doesn't wait until it has joined.
var joiners = map[string]func(s *server) *client{
	"chat": func(s *server) *client {
		c := s.dial("/dev", nil)
		c.send("last")
		c.send("/join Room1")
		return c
	},
	"rooms": func(s *server) *client {
		c := s.realtime()
		c.start("1", onCreateRoom, nil)
		return c
	},
	"events": func(s *server) *client {
		c := s.eventsRealtime()
		c.subscribe("default/a")
		return c
	},
}

const endOfTest = "that-was-all"

func (s *server) chatAudience(n int) audience {
	a := audience{side: func(s gateway.Stats) gateway.Side { return s.APIGateway }}
	for i := range n {
		a.listeners = append(a.listeners, s.chat(fmt.Sprint("listener-", i), "Room1"))
	}
	a.publish = a.listeners[0].send
	return a
}

func (s *server) roomAudience(n int) audience {
	a := audience{side: func(s gateway.Stats) gateway.Side { return s.AppSync }}
	for range n {
		a.listeners = append(a.listeners, s.subscribed(onCreateRoom, nil))
	}
	a.publish = func(text string) { s.mutate("{ id title }", text) }
	return a
}

// eventsAudience has every other listener subscribe with a wildcard.
func (s *server) eventsAudience(n int) audience {
	a := audience{side: func(s gateway.Stats) gateway.Side { return s.Events }}
	for i := range n {
		channel := [...]string{"default/a", "default/*"}[i%2]
		a.listeners = append(a.listeners, s.subscribedTo(channel))
	}
	a.publish = func(text string) {
		status, _, answer := s.do(http.MethodPost, "/event", fmt.Sprintf(`{"channel":"default/a","events":["{\"a\":\"%s\"}"]}`, text), "x-api-key", gateway.APIKey)
		require.Equal(s, http.StatusOK, status, answer)
	}
	return a
}

// subscribedTo is a connection to AppSync Events with one acknowledged subscription.
func (s *server) subscribedTo(channel string) *client {
	s.Helper()
	c := s.eventsRealtime()
	c.subscribe(channel)
	require.JSONEq(s, `{"id":"1","type":"subscribe_success"}`, c.receive())
	return c
}

// eventsRealtime is a connection to AppSync Events that was acknowledged.
func (s *server) eventsRealtime() *client {
	s.Helper()
	c := s.dial("/event/realtime", http.Header{"x-api-key": {gateway.APIKey}}, "aws-appsync-event-ws")
	c.send(`{"type":"connection_init"}`)
	require.JSONEq(s, `{"type":"connection_ack","connectionTimeoutMs":300000}`, c.receive())
	return c
}

func (c *client) subscribe(channel string) {
	c.s.Helper()
	c.send(fmt.Sprintf(`{"type":"subscribe","id":"1","channel":%q,"authorization":{"x-api-key":%q}}`, channel, gateway.APIKey))
}

// settle waits until every delivery has ended in some way.
func (s *server) settle(a audience) gateway.Side {
	s.Helper()
	return a.side(s.eventually("settled", func(s gateway.Stats) bool { return a.side(s).Totals.Pending == 0 }))
}

// run publishes broadcasts and returns what the listeners saw of them, and what
// the gateway counted.
func (s *server) run(a audience, broadcasts int) (seen, gateway.Side) {
	s.Helper()
	results := make(chan seen, len(a.listeners))
	for _, c := range a.listeners {
		go func() { results <- c.watch(endOfTest) }()
	}
	for i := range broadcasts {
		a.publish("x-" + stamped(i+1))
	}
	// All must have been published, which for the chat is no more than sent.
	s.eventually("published", func(s gateway.Stats) bool { return a.side(s).Totals.Broadcasts == int64(broadcasts) })
	s.settle(a)

	// What was written before this arrives before it, and has been counted by then. It is a
	// control token, which isn't counted as a broadcast.
	status, _, _ := s.do(http.MethodDelete, "/faults", "")
	require.Equal(s, http.StatusNoContent, status)
	a.publish(endOfTest + " " + stamp.WriteControl(&stamp.Roll{Run: 1}, nil))
	var all seen
	for range a.listeners {
		one := <-results
		all.first += one.first
		all.duplicated += one.duplicated
		all.reordered += one.reordered
		all.errors += one.errors
	}
	return all, a.side(s.stats())
}

func requireExact(t *testing.T, saw seen, side gateway.Side, audience int64) {
	t.Helper()
	total := side.Totals
	require.Equal(t, audience, total.Audience)
	require.Equal(t, audience, total.Delivered+total.Dropped+total.Deaf)
	require.Zero(t, total.Unstamped+total.Gone+total.Failed)
	require.Equal(t, saw, seen{total.Delivered, total.Duplicated, total.Reordered, side.Errors})
	require.Equal(t, total.Dropped+total.Deaf, side.DroppedOpen, "every connection is still open")
	require.Equal(t, total.Counts, sum(side.Broadcasts))
	require.Equal(t, total.Delivered-side.Echoes.Delivered, side.Delay.Count)
}

func sum(broadcasts []truth.Entry) (all truth.Counts) {
	for _, b := range broadcasts {
		all.Audience += b.Audience
		all.Delivered += b.Delivered
		all.Dropped += b.Dropped
		all.Deaf += b.Deaf
		all.Duplicated += b.Duplicated
		all.Reordered += b.Reordered
		all.Gone += b.Gone
		all.Failed += b.Failed
	}
	return all
}

// settleAt waits until that many broadcasts were made and all deliveries have
// ended.
func (s *server) settleAt(a audience, broadcasts int64) gateway.Side {
	s.Helper()
	return a.side(s.eventually("settled", func(s gateway.Stats) bool {
		t := a.side(s).Totals
		return t.Broadcasts == broadcasts && t.Pending == 0
	}))
}
