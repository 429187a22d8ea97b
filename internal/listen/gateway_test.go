package listen

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// simple is a dialect in which the listener says hello and is welcomed. Every
// other text means what it says, or is data.
type simple struct{}

func (simple) Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: []byte("hello")}
}

func (simple) Receive(frame []byte) dialect.Event {
	word, more, _ := strings.Cut(string(frame), " ")
	switch word {
	case "welcome":
		return dialect.Event{Kind: dialect.Ready, Request: "hello", Counter: "welcomed"}
	case "done":
		return dialect.Event{Kind: dialect.Progress, Request: more, Next: &dialect.Event{Answer: []byte("thanks")}}
	case "refused":
		return dialect.Event{Kind: dialect.Refusal, Request: "hello", Err: &dialect.Error{Name: "Refused"}}
	case "failed":
		return dialect.Event{Kind: dialect.Failure, Err: &dialect.Error{Name: "Failed"}}
	case "timeout":
		limit, _ := time.ParseDuration(more)
		return dialect.Event{Kind: dialect.KeepAlive, Timeout: limit}
	case "ended":
		return dialect.Event{Kind: dialect.Ended}
	case "what":
		return dialect.Event{}
	case "panic":
		panic("as it was told to")
	default:
		return dialect.Event{Kind: dialect.Data, Request: "data"}
	}
}

func (simple) Farewell() [][]byte { return [][]byte{[]byte("bye")} }

// gateway serves every connection by f and is closed with the test.
func gateway(t *testing.T, f func(*websocket.Conn)) *wire.Target {
	t.Helper()
	return httpGateway(t, func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		if socket, err := upgrader.Upgrade(w, r, nil); err == nil { // else the listener has given up
			defer socket.Close()
			f(socket)
		}
	})
}

func httpGateway(t *testing.T, f http.HandlerFunc) *wire.Target {
	t.Helper()
	var serving sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		f(w, r)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		serving.Wait()
	})
	to, err := url.Parse(strings.Replace(server.URL, "http", "ws", 1))
	require.NoError(t, err)
	return &wire.Target{URL: to, DialContext: new(net.Dialer).DialContext}
}

// hub is a gateway that welcomes everybody, and remembers what they said.
type hub struct {
	mu      sync.Mutex
	sockets map[*websocket.Conn]bool
	heard   map[string]int
	codes   map[int]int // with which they were closed
}

func newHub(t *testing.T, welcome ...string) (*hub, *wire.Target) {
	t.Helper()
	h := &hub{sockets: make(map[*websocket.Conn]bool), heard: make(map[string]int), codes: make(map[int]int)}
	return h, gateway(t, func(socket *websocket.Conn) {
		for {
			_, text, err := socket.ReadMessage()
			if err != nil {
				h.leaves(socket, err)
				return
			}
			h.hears(socket, string(text), welcome)
		}
	})
}

func (h *hub) hears(socket *websocket.Conn, text string, welcome []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard[text]++
	if text == "hello" {
		h.sockets[socket] = true
		for _, word := range welcome {
			_ = socket.WriteMessage(websocket.TextMessage, []byte(word))
		}
	}
}

func (h *hub) leaves(socket *websocket.Conn, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, socket)
	code, _ := wire.CloseCode(err)
	h.codes[code]++
}

// each does something to every connection.
func (h *hub) each(f func(*websocket.Conn)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for socket := range h.sockets {
		f(socket)
	}
}

// say sends a message to everybody.
func (h *hub) say(text string) {
	h.each(func(socket *websocket.Conn) {
		_ = socket.WriteMessage(websocket.TextMessage, []byte(text))
	})
}

// left waits until so many have left with that code, and says what was heard.
func (h *hub) left(t *testing.T, code, n int) (heard map[string]int) {
	t.Helper()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.codes[code] == n
	}, 30*time.Second, time.Millisecond)
	return h.heard
}

// scene is a group of listeners on a gateway.
type scene struct {
	Config
	*observer
	audience *ledger.Audience
	group    *Group
}

const room = "room"

// speaks has every connection go to the target with a session of its own.
func speaks(to *wire.Target, session func() dialect.Session) func(context.Context) (*wire.Target, dialect.Session, error) {
	return func(context.Context) (*wire.Target, dialect.Session, error) { return to, session(), nil }
}

// newScene returns one whose Config may still be changed.
func newScene(to *wire.Target) *scene {
	o := &observer{counts: make(map[string]int)}
	l := ledger.New()
	return &scene{
		Config: Config{
			Host: to.URL.Host, Prepare: speaks(to, func() dialect.Session { return simple{} }),
			Ledger: l, Timeout: time.Minute, Observer: o,
		},
		observer: o, audience: l.Audience(room),
	}
}

// run begins to hold the listeners and returns what brings the summary.
func (s *scene) run(t *testing.T, plan Plan) (summary <-chan Summary, stop func()) {
	t.Helper()
	s.group = NewGroup(s.Config, s.audience)
	ctx, cancel := testContext(t)
	done := make(chan Summary, 1)
	go func() { done <- s.group.Run(ctx, plan) }()
	return done, cancel
}

// stands waits until the audience stands like this.
func (s *scene) stands(t *testing.T, want func(ledger.Count) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		count, changed := s.audience.Watch()
		if want(count) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			require.Fail(t, "the audience never stood so", "%+v", count)
		}
	}
}

func (s *scene) ready(t *testing.T, n int) {
	t.Helper()
	s.stands(t, func(c ledger.Count) bool { return c.Ready == n })
}
