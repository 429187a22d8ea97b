package listen

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// observer counts its calls and keeps their values.
type observer struct {
	mu         sync.Mutex
	begun      int
	counts     map[string]int
	failures   []*wire.DialError
	closings   []Closing // without their durations, which are below
	unstamped  []string
	deliveries []ledger.Delivery
	settled    []ledger.Settled
	endings    []ledger.Ending
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

func (o *observer) ErrorFrame(e *dialect.Error) { o.count("error frame", e.Name) }

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

func (o *observer) BroadcastsSettled(settled []ledger.Settled) {
	o.mu.Lock()
	o.settled = append(o.settled, settled...)
	o.mu.Unlock()
}

func (o *observer) PublishersSilent([]uint32) { o.count("silent", "") }

func (o *observer) AccountsEnded(e *ledger.Ending) {
	o.mu.Lock()
	o.endings = append(o.endings, *e)
	o.mu.Unlock()
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
	}, patience, time.Millisecond, "%s, %d times, of %v", what, n, o.counts)
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
