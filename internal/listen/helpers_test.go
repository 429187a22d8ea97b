package listen

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// simple is a dialect in which the listener says hello and the gateway welcomes it.
// Every other text does what it says, or is data.
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
		panic("as the gateway asked")
	default:
		return dialect.Event{Kind: dialect.Data, Request: "data"}
	}
}

func (simple) Farewell() [][]byte { return [][]byte{[]byte("bye")} }

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
	}, 30*time.Second, time.Millisecond)
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

// fixture is a group of listeners of a gateway, with its observer and audience.
type fixture struct {
	Config
	*observer
	audience *ledger.Audience
	group    *Group
	timeout  time.Duration // after which a group that never ends is stopped
	lasted   time.Duration // as the summary of a group that has ended says
}

// prepares returns a Prepare by which every connection goes to the target, with a
// session of its own.
func prepares(to *wire.Target, session func() dialect.Session) func(context.Context) (*wire.Target, dialect.Session, error) {
	return func(context.Context) (*wire.Target, dialect.Session, error) { return to, session(), nil }
}

// newFixture returns one whose Config may still be changed.
func newFixture(to *wire.Target) *fixture {
	o := &observer{counts: make(map[string]int)}
	l := ledger.New()
	return &fixture{
		Config: Config{
			Host: to.URL.Host, Prepare: prepares(to, func() dialect.Session { return simple{} }),
			Ledger: l, Timeout: time.Minute, Observer: o,
		},
		observer: o, audience: l.Audience("room"), timeout: time.Minute,
	}
}

// newPipeFixture returns one for a synctest bubble, whose clock costs nothing.
func newPipeFixture(f func(*websocket.Conn)) *fixture {
	s := newFixture(pipeGateway(func(w http.ResponseWriter, r *http.Request) { upgrade(w, r, f) }))
	s.timeout = 24 * time.Hour
	return s
}

// run starts a group and returns the channel that will bring its summary, without how
// long it lasted, which is in the fixture.
func (s *fixture) run(t *testing.T, plan Plan) (summary <-chan Summary, stop func()) {
	t.Helper()
	s.group = NewGroup(s.Config, s.audience)
	ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
	done, ended := make(chan Summary, 1), make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-ended
		s.requireBalance(t)
	})
	go func() {
		defer close(ended)
		sum := s.group.Run(ctx, plan)
		assert.Equal(t, sum.Opened, sum.Ready+sum.Failed+sum.Unfinished, "opened = ready + failed + unfinished")
		s.lasted, sum.Lasted = sum.Lasted, 0
		done <- sum
	}()
	return done, cancel
}

// requireBalance checks that whatever was begun has become something, once and for all.
func (s *fixture) requireBalance(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.counts["ready"] + s.counts["abandoned"]
	for what, n := range s.counts {
		if strings.HasPrefix(what, "failed ") {
			sum += n
		}
	}
	assert.Equal(t, s.begun, sum, "begun = ready + failed + abandoned, in %v", s.counts)
}

const tickEvery = 100 * time.Millisecond

// tick has the group's Tick called as the process's ticker does, until the test ends.
func (s *fixture) tick(t *testing.T) {
	t.Helper()
	ticker := time.NewTicker(tickEvery)
	go func() {
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				s.group.Tick(now)
			case <-t.Context().Done():
				return
			}
		}
	}()
}

// waitForAudience waits until the audience's count is as wanted.
func (s *fixture) waitForAudience(t *testing.T, want func(ledger.Count) bool) {
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
			require.Fail(t, "the audience never was as wanted", "%+v", count)
		}
	}
}

// states is a count without the reason of the first failure.
func states(c ledger.Count) ledger.Count {
	c.FirstFailure = nil
	return c
}

func (s *fixture) waitForReady(t *testing.T, n int) {
	t.Helper()
	s.waitForAudience(t, func(c ledger.Count) bool { return c.Ready == n })
}

// observer counts its calls and keeps their values.
type observer struct {
	mu         sync.Mutex
	begun      int
	counts     map[string]int
	failures   []*wire.DialError
	closings   []Closing // without their durations, which are below
	unstamped  []string
	deliveries []ledger.Delivery
	durations  map[string][]time.Duration
	panicsAt   string // the method that panics, or "everything"
}

var _ Observer = (*observer)(nil)

func (o *observer) count(method, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if what != "" {
		what = " " + what
	}
	o.counts[method+what]++
	if o.panicsAt == method || o.panicsAt == "everything" {
		panic("at " + method)
	}
}

func (o *observer) time(method string, d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.durations == nil {
		o.durations = make(map[string][]time.Duration)
	}
	o.durations[method] = append(o.durations[method], d)
}

func (o *observer) Counted(counter string) { o.count("counted", counter) }
func (o *observer) Answered()              { o.count("answered", "") }
func (o *observer) Sent()                  { o.count("sent", "") }
func (o *observer) Received()              { o.count("received", "") }
func (o *observer) Erred(name string)      { o.count("erred", name) }

// attempts returns how many connections have been begun so far.
func (o *observer) attempts() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begun
}

func (o *observer) Begun() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun++
	if o.panicsAt == "begun" || o.panicsAt == "everything" {
		panic("at begun")
	}
}

func (o *observer) Abandoned() { o.count("abandoned", "") }

func (o *observer) Unstamped(message []byte) {
	o.mu.Lock()
	o.unstamped = append(o.unstamped, string(message))
	o.mu.Unlock()
	o.count("unstamped", "")
}

func (o *observer) Connected(took time.Duration) {
	o.time("connected", took)
	o.count("connected", "")
}

func (o *observer) Ready(took time.Duration) {
	o.time("ready", took)
	o.count("ready", "")
}

func (o *observer) Pong(roundTrip time.Duration) {
	o.time("pong", roundTrip)
	o.count("pong", "")
}

func (o *observer) Failed(err *wire.DialError) {
	o.mu.Lock()
	o.failures = append(o.failures, err)
	o.mu.Unlock()
	o.count("failed", string(err.Phase))
}

func (o *observer) Delivered(d ledger.Delivery, lag time.Duration) {
	o.mu.Lock()
	o.deliveries = append(o.deliveries, d)
	o.mu.Unlock()
	o.time("lag", lag)
	o.count("delivered", "")
}

func (o *observer) Closed(end Closing) {
	by := "us"
	if end.ByGateway {
		by = "gateway"
	}
	o.time("closed", end.Lasted)
	end.Lasted = 0
	o.mu.Lock()
	o.closings = append(o.closings, end)
	o.mu.Unlock()
	o.count("closed", fmt.Sprintf("%d by %s", end.Code, by))
}

// waitFor waits until something has been counted n times.
func (o *observer) waitFor(t *testing.T, what string, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.counts[what] == n
	}, 30*time.Second, time.Millisecond, "%s, %d times, of %v", what, n, o.counts)
}

// counted returns all counts. The connections must have ended.
func (o *observer) counted() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.counts)
}

// handlerLog is a Handler that writes down its calls.
type handlerLog struct {
	mu    sync.Mutex
	lines []string
	panic bool
}

func (d *handlerLog) write(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
	if d.panic {
		panic("at " + format)
	}
}

func (d *handlerLog) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines
}

func (d *handlerLog) Event(e dialect.Event) { d.write("event %d %q", e.Kind, e.Request) }

func (d *handlerLog) Message(data []byte, request string) { d.write("message %s %q", data, request) }
func (d *handlerLog) Closed(code int, reason string)      { d.write("closed %d %q", code, reason) }

// drive opens a connection as a script does.
func drive(t *testing.T, s *fixture, d *handlerLog) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
	defer cancel() // which ends no connection that is open
	conn, err := Open(ctx, &s.Config, nil, d)
	require.NoError(t, err)
	go conn.Serve()
	t.Cleanup(func() {
		conn.Close(NormalClosure, "")
		<-conn.Done()
		s.requireBalance(t)
	})
	return conn
}
