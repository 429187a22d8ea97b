package listen

import (
	"bufio"
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

	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// gateway serves every connection with f and is closed with the test.
func gateway(t *testing.T, f func(*websocket.Conn)) *wire.Target {
	t.Helper()
	return httpGateway(t, func(w http.ResponseWriter, r *http.Request) { upgrade(w, r, f) })
}

func upgrade(w http.ResponseWriter, r *http.Request, f func(*websocket.Conn)) {
	var upgrader websocket.Upgrader
	if socket, err := upgrader.Upgrade(w, r, nil); err == nil { // else the listener has given up
		defer socket.Close()
		f(socket)
	}
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

// pipeGateway is a gateway without a network, for tests in a synctest bubble: its
// connections are pipes, which a bubble's clock waits for. A write to a pipe takes until
// the other end reads it, so a gateway must read hello before it writes.
func pipeGateway(f http.HandlerFunc) *wire.Target {
	return &wire.Target{
		URL: &url.URL{Scheme: "ws", Host: "gateway.test"},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				reader := bufio.NewReader(server)
				if r, err := http.ReadRequest(reader); err == nil {
					f(&pipeWriter{ResponseRecorder: httptest.NewRecorder(), conn: server, reader: reader}, r)
				}
			}()
			return client, nil
		},
	}
}

// pipeWriter is a ResponseWriter that is good for upgrades only.
type pipeWriter struct {
	*httptest.ResponseRecorder
	conn   net.Conn
	reader *bufio.Reader
}

func (w *pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(w.reader, bufio.NewWriter(w.conn)), nil
}

// write sends texts on a gateway's side of a connection.
func write(socket *websocket.Conn, texts ...string) {
	for _, text := range texts {
		_ = socket.WriteMessage(websocket.TextMessage, []byte(text))
	}
}

// readToEnd reads on a gateway's side until the connection ends.
func readToEnd(socket *websocket.Conn) {
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			return
		}
	}
}

// answer answers a listener's hello, on a gateway's side, and reads until the connection
// ends.
func answer(socket *websocket.Conn, texts ...string) {
	_, _, _ = socket.ReadMessage()
	write(socket, texts...)
	readToEnd(socket)
}

func welcome(socket *websocket.Conn) { answer(socket, "welcome") }

// hub is a gateway that welcomes every listener and remembers what it received.
type hub struct {
	mu      sync.Mutex
	sockets map[*websocket.Conn]bool
	texts   map[string]int
	codes   map[int]int    // the close codes received
	reasons map[string]int // the close reasons received
}

func newHub(t *testing.T, welcome ...string) (*hub, *wire.Target) {
	t.Helper()
	h := &hub{
		sockets: make(map[*websocket.Conn]bool), texts: make(map[string]int),
		codes: make(map[int]int), reasons: make(map[string]int),
	}
	return h, gateway(t, func(socket *websocket.Conn) {
		for {
			_, text, err := socket.ReadMessage()
			if err != nil {
				h.remove(socket, err)
				return
			}
			h.receive(socket, string(text), welcome)
		}
	})
}

func (h *hub) receive(socket *websocket.Conn, text string, welcome []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts[text]++
	if text == "hello" {
		h.sockets[socket] = true
		write(socket, welcome...)
	}
}

func (h *hub) remove(socket *websocket.Conn, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, socket)
	code, reason := wire.CloseCode(err)
	h.codes[code]++
	h.reasons[reason]++
}

// each calls f with every connection.
func (h *hub) each(f func(*websocket.Conn)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for socket := range h.sockets {
		f(socket)
	}
}

// send sends a message to all.
func (h *hub) send(text string) {
	h.each(func(socket *websocket.Conn) { write(socket, text) })
}

// waitForClosed waits until n connections were closed with that code, and returns the
// texts received.
func (h *hub) waitForClosed(t *testing.T, code, n int) map[string]int {
	t.Helper()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.codes[code] == n
	}, patience, time.Millisecond)
	return h.texts
}

// scripted is a gateway that answers texts by their beginning, and after the last
// answer sends what comes from the channel.
type scripted struct {
	answers   [][2]string
	broadcast chan string
}

func (g *scripted) serve(t *testing.T) *wire.Target {
	t.Helper()
	return gateway(t, func(socket *websocket.Conn) {
		for step := 0; ; {
			_, text, err := socket.ReadMessage()
			if err != nil {
				return
			}
			if step < len(g.answers) && strings.HasPrefix(string(text), g.answers[step][0]) {
				write(socket, g.answers[step][1])
				step++
			}
			if step == len(g.answers) {
				for frame := range g.broadcast {
					write(socket, frame)
				}
				step++
			}
		}
	})
}

// hangUp closes a connection from the gateway's side, once it has said hello.
func hangUp(socket *websocket.Conn, code int) {
	_, _, _ = socket.ReadMessage()
	_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	_, _, _ = socket.ReadMessage()
}
