package listen

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

func TestEverybodyListens(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 50, 3
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.waitForReady(t, listeners)
	account := s.audience.OpenSeries(0, time.Minute)
	for range broadcasts {
		h.send(account.Publish(time.Now()).String())
	}
	account.Settle(t.Context())
	result := account.Close()
	assert.EqualValues(t, listeners*broadcasts, result.Received)
	assert.Zero(t, result.Lost)
	stop()
	assert.Equal(t, Summary{Opened: listeners, Ready: listeners, Received: listeners * broadcasts}, <-summary)
	assert.Equal(t, map[string]int{
		"connected": listeners, "counted welcomed": listeners, "answered": listeners, "ready": listeners,
		"sent": 2 * listeners, "received": listeners * (1 + broadcasts), "delivered": listeners * broadcasts,
		"closed 1000 by us": listeners,
	}, s.counted())
	s.waitForAudience(t, func(c ledger.Count) bool { return c == ledger.Count{Left: listeners, LargestGroup: listeners} })
	assert.Equal(t, map[string]int{"hello": listeners, "bye": listeners}, h.waitForClosed(t, 1000, listeners))
}

// Each way in which a listener doesn't become ready is a failure and observed as one.
func TestListenersThatNeverBecomeReady(t *testing.T) {
	t.Parallel()
	const listeners = 5
	for name, test := range map[string]struct {
		gateway func(t *testing.T) *wire.Target
		want    map[string]int
		summary Summary
	}{
		"the upgrade is refused": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return httpGateway(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
			},
			want:    map[string]int{"failed upgrade": listeners},
			summary: Summary{Opened: listeners, Failed: listeners, RanOut: true},
		},
		"the handshake is refused": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				_, to := newHub(t, "refused")
				return to
			},
			want: map[string]int{
				"connected": listeners, "sent": listeners, "received": listeners, "erred Refused": listeners,
				"failed handshake": listeners, "closed 1000 by us": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners, RanOut: true},
		},
		"the gateway hangs up": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return gateway(t, func(socket *websocket.Conn) { hangUp(socket, 1008) })
			},
			want: map[string]int{
				"connected": listeners, "sent": listeners,
				"failed handshake": listeners, "closed 1008 by gateway": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners, Closed: listeners, RanOut: true},
		},
		"the gateway vanishes": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return gateway(t, func(socket *websocket.Conn) { _, _, _ = socket.ReadMessage() })
			},
			want: map[string]int{
				"connected": listeners, "sent": listeners,
				"failed handshake": listeners, "closed 1006 by gateway": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners, Closed: listeners, RanOut: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(test.gateway(t))
			summary, _ := s.run(t, Plan{Connections: listeners})
			assert.Equal(t, test.summary, <-summary)
			assert.Equal(t, test.want, s.counted())
			s.waitForAudience(t, func(c ledger.Count) bool {
				return states(c) == ledger.Count{Failed: listeners, LargestGroup: listeners}
			})
		})
	}
}

func TestTheGatewayHangsUp(t *testing.T) {
	t.Parallel()
	const listeners = 10
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, _ := s.run(t, Plan{Connections: listeners})
	s.waitForReady(t, listeners)
	i := 0
	h.each(func(socket *websocket.Conn) {
		if i++; i%2 == 0 {
			_ = socket.NetConn().Close()
			return
		}
		_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "moved"))
	})
	assert.Equal(t, Summary{Opened: listeners, Ready: listeners, Closed: listeners, RanOut: true}, <-summary)
	assert.Equal(t, listeners, s.missing.Len())
	assert.Equal(t, listeners/2, s.counted()["closed 4001 by gateway"])
	assert.Equal(t, listeners/2, s.counted()["closed 1006 by gateway"])
}

// A listener whose subscription the gateway ends is of no use any more, and is closed.
func TestTheGatewayEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, _ := s.run(t, Plan{Connections: 1})
	s.waitForReady(t, 1)
	h.send("ended")
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Closed: 1, RanOut: true}, <-summary)
	assert.Equal(t, 1, s.missing.Len())
	assert.Equal(t, 1, s.counted()["closed 1000 by gateway"])
}

// Frames that mean nothing, and errors about something else, end nothing.
func TestOddFramesEndNothing(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "what", "welcome", "welcome", "what")
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: 1})
	for _, text := range []string{"failed", "refused", "done this", "", "some data"} {
		s.waitForReady(t, 1)
		h.send(text)
	}
	s.waitFor(t, "received", 9)
	stop()
	assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
	assert.Equal(t, map[string]int{
		"connected": 1, "ready": 1, "counted welcomed": 2, "answered": 3, "sent": 3, "received": 9,
		"error frame Failed": 1, "erred Refused": 1, "unstamped": 2, "closed 1000 by us": 1,
	}, s.counted())
}

func TestTheRate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		own    float64
		shared *rate.Limiter
	}{
		"own":    {own: 100},
		"shared": {shared: rate.NewLimiter(100, 1)},
		"both":   {own: 100, shared: rate.NewLimiter(1000, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				begin, at := time.Now(), []time.Duration(nil)
				s := newPipeFixture(welcome)
				prepare := s.Prepare
				s.Prepare = func(ctx context.Context, i int) (Prepared, error) {
					mu.Lock()
					defer mu.Unlock()
					at = append(at, time.Since(begin).Round(time.Millisecond))
					return prepare(ctx, i)
				}
				s.Limiter = test.shared
				summary, stop := s.run(t, Plan{Connections: 4, Rate: test.own})
				s.waitForReady(t, 4)
				stop()
				assert.Equal(t, Summary{Opened: 4, Ready: 4}, <-summary)
				assert.Equal(t, []time.Duration{0, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond}, at)
			})
		})
	}
}

func TestNobodyIsToListen(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, _ := s.run(t, Plan{})
	assert.Equal(t, Summary{RanOut: true}, <-summary)
}

// A thousand listeners are a thousand goroutines and no more.
func TestOneGoroutineForEachListener(t *testing.T) {
	const listeners = 200
	_, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.waitForReady(t, listeners)
	assert.Eventually(t, func() bool { return ours() == listeners }, patience, 10*time.Millisecond)
	stop()
	<-summary
	assert.Eventually(t, func() bool { return ours() == 0 }, patience, 10*time.Millisecond)
}

// ours counts the goroutines that run this package's code.
func ours() (n int) {
	stacks := make([]byte, 16<<20)
	for _, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "/listen.(*Conn)") || strings.Contains(stack, "/listen.(*Group)") {
			n++
		}
	}
	return n
}
