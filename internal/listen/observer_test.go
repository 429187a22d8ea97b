package listen

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// observer counts what it is told.
type observer struct {
	mu       sync.Mutex
	counts   map[string]int
	failures []*wire.DialError
	heard    []ledger.Delivery
	panicsAt string // the method that panics, or "everything"
}

var _ Observer = (*observer)(nil)

func (o *observer) note(method, what string) {
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

func (o *observer) Connected(time.Duration) { o.note("connected", "") }
func (o *observer) Counted(counter string)  { o.note("counted", counter) }
func (o *observer) Answered()               { o.note("answered", "") }
func (o *observer) Ready(time.Duration)     { o.note("ready", "") }
func (o *observer) Sent()                   { o.note("sent", "") }
func (o *observer) Received()               { o.note("received", "") }
func (o *observer) Erred(name string)       { o.note("erred", name) }
func (o *observer) Pong(time.Duration)      { o.note("pong", "") }

func (o *observer) Failed(err *wire.DialError) {
	o.mu.Lock()
	o.failures = append(o.failures, err)
	o.mu.Unlock()
	o.note("failed", string(err.Phase))
}

func (o *observer) Delivered(d ledger.Delivery, _ time.Duration) {
	o.mu.Lock()
	o.heard = append(o.heard, d)
	o.mu.Unlock()
	o.note("delivered", "")
}

func (o *observer) Closed(code int, byGateway bool, _ time.Duration) {
	by := "us"
	if byGateway {
		by = "gateway"
	}
	o.note("closed", fmt.Sprintf("%d by %s", code, by))
}

// saw waits until something was told that often.
func (o *observer) saw(t *testing.T, what string, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.counts[what] == n
	}, 30*time.Second, time.Millisecond, "%s, %d times, of %v", what, n, o.counts)
}

// told is everything that was told, once it is over.
func (o *observer) told() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts
}

func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx, cancel
}
