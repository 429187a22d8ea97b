package listen

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
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
	s := newScene(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	account := s.audience.OpenSeries(0, time.Minute)
	for range broadcasts {
		h.say(account.Publish(time.Now()).String())
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
	}, s.told())
	s.stands(t, func(c ledger.Count) bool { return c == ledger.Count{Left: listeners, LargestGroup: listeners} })
	assert.Equal(t, map[string]int{"hello": listeners, "bye": listeners}, h.left(t, 1000, listeners))
}

// Whatever keeps a listener from becoming ready is a failure, and told as one.
func TestListenersThatNeverBecomeReady(t *testing.T) {
	t.Parallel()
	const listeners = 5
	for name, test := range map[string]struct {
		gateway func(t *testing.T) *wire.Target
		told    map[string]int
		summary Summary
	}{
		"the upgrade is refused": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return httpGateway(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
			},
			told:    map[string]int{"failed upgrade": listeners},
			summary: Summary{Failed: listeners},
		},
		"the handshake is refused": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				_, to := newHub(t, "refused")
				return to
			},
			told: map[string]int{
				"connected": listeners, "sent": listeners, "received": listeners, "erred Refused": listeners,
				"failed handshake": listeners, "closed 1000 by us": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners},
		},
		"the gateway hangs up": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return gateway(t, func(socket *websocket.Conn) { hangUp(socket, 1008) })
			},
			told: map[string]int{
				"connected": listeners, "sent": listeners,
				"failed handshake": listeners, "closed 1008 by gateway": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners, Closed: listeners},
		},
		"the gateway vanishes": {
			gateway: func(t *testing.T) *wire.Target {
				t.Helper()
				return gateway(t, func(socket *websocket.Conn) { _, _, _ = socket.ReadMessage() })
			},
			told: map[string]int{
				"connected": listeners, "sent": listeners,
				"failed handshake": listeners, "closed 1006 by gateway": listeners,
			},
			summary: Summary{Opened: listeners, Failed: listeners, Closed: listeners},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(test.gateway(t))
			summary, _ := s.run(t, Plan{Connections: listeners})
			assert.Equal(t, test.summary, <-summary)
			assert.Equal(t, test.told, s.told())
			s.stands(t, func(c ledger.Count) bool {
				c.FirstFailure = nil
				return c == ledger.Count{Failed: listeners, LargestGroup: listeners}
			})
		})
	}
}

// hangUp closes a connection from the gateway's side, once it has said hello.
func hangUp(socket *websocket.Conn, code int) {
	_, _, _ = socket.ReadMessage()
	_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	_, _, _ = socket.ReadMessage()
}

func TestTheGatewayHangsUp(t *testing.T) {
	t.Parallel()
	const listeners = 10
	h, to := newHub(t, "welcome")
	s := newScene(to)
	summary, _ := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	i := 0
	h.each(func(socket *websocket.Conn) {
		if i++; i%2 == 0 {
			_ = socket.NetConn().Close()
			return
		}
		_ = socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "moved"))
	})
	assert.Equal(t, Summary{Opened: listeners, Ready: listeners, Closed: listeners}, <-summary)
	assert.Equal(t, listeners/2, s.told()["closed 4001 by gateway"])
	assert.Equal(t, listeners/2, s.told()["closed 1006 by gateway"])
}

// A subscription that the gateway ends is no use any more.
func TestTheGatewayEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "welcome")
	s := newScene(to)
	summary, _ := s.run(t, Plan{Connections: 1})
	s.ready(t, 1)
	h.say("ended")
	assert.Equal(t, Summary{Opened: 1, Ready: 1, Closed: 1}, <-summary)
	assert.Equal(t, 1, s.told()["closed 1000 by gateway"])
}

// What means nothing, or is an error of something else, ends nothing.
func TestOddFramesEndNothing(t *testing.T) {
	t.Parallel()
	h, to := newHub(t, "what", "welcome", "welcome", "what")
	s := newScene(to)
	summary, stop := s.run(t, Plan{Connections: 1})
	for _, text := range []string{"failed", "refused", "done this", "", "some data"} {
		s.ready(t, 1)
		h.say(text)
	}
	s.saw(t, "received", 9)
	stop()
	assert.Equal(t, Summary{Opened: 1, Ready: 1}, <-summary)
	assert.Equal(t, map[string]int{
		"connected": 1, "ready": 1, "counted welcomed": 2, "answered": 3, "sent": 3, "received": 9,
		"erred Failed": 1, "erred Refused": 1, "closed 1000 by us": 1,
	}, s.told())
}

func TestTheRate(t *testing.T) {
	t.Parallel()
	const listeners, each = 10, 100
	for name, test := range map[string]struct {
		own  float64
		pace *rate.Limiter
	}{
		"own":    {own: each},
		"shared": {pace: rate.NewLimiter(each, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, to := newHub(t, "welcome")
			s := newScene(to)
			s.Limiter = test.pace
			begin := time.Now()
			summary, stop := s.run(t, Plan{Connections: listeners, Rate: test.own})
			s.ready(t, listeners)
			assert.GreaterOrEqual(t, time.Since(begin), (listeners-1)*time.Second/each)
			stop()
			assert.EqualValues(t, listeners, (<-summary).Ready)
		})
	}
}

func TestTheDurationEnds(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newScene(to)
	const duration = 300 * time.Millisecond
	begin := time.Now()
	summary, _ := s.run(t, Plan{Connections: 3, Duration: duration})
	got := <-summary
	assert.GreaterOrEqual(t, time.Since(begin), duration)
	assert.Zero(t, got.Failed)
	assert.Zero(t, got.Closed)
}

func TestTheDurationEndsBeforeAllAreOpen(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newScene(to)
	summary, _ := s.run(t, Plan{Connections: 1000, Rate: 100, Duration: 200 * time.Millisecond})
	got := <-summary
	assert.Less(t, got.Opened, int64(1000))
	assert.Zero(t, got.Failed)
	assert.Zero(t, got.Closed)
	assert.Zero(t, s.told()["failed tcp"]+s.told()["failed upgrade"]+s.told()["failed handshake"])
}

// Connections that are given up because the test ends have not failed.
func TestTheTestEndsWhileDialling(t *testing.T) {
	t.Parallel()
	const listeners = 2 * openAtOnce
	asked := make(chan struct{}, listeners)
	s := newScene(httpGateway(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	summary, stop := s.run(t, Plan{Connections: listeners})
	for range openAtOnce {
		<-asked
	}
	stop()
	assert.Zero(t, <-summary)
	assert.Empty(t, s.told())
	assert.Empty(t, asked, "more than may be dialled at once")
	s.stands(t, func(c ledger.Count) bool { return c.Connecting == 0 })
}

func TestTheTestEndsWhileShakingHands(t *testing.T) {
	t.Parallel()
	const listeners = 10
	h, to := newHub(t)
	s := newScene(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.saw(t, "sent", listeners)
	stop()
	assert.Equal(t, Summary{Opened: listeners}, <-summary)
	assert.Equal(t, map[string]int{"connected": listeners, "sent": 2 * listeners, "closed 1000 by us": listeners}, s.told())
	assert.Equal(t, map[string]int{"hello": listeners, "bye": listeners}, h.left(t, 1000, listeners))
}

func TestTheTestIsOverAlready(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newScene(to)
	ctx, cancel := testContext(t)
	cancel()
	assert.Zero(t, NewGroup(s.Config, s.audience).Run(ctx, Plan{Connections: 3}))
	assert.Empty(t, s.told())
}

func TestNobodyIsToListen(t *testing.T) {
	t.Parallel()
	_, to := newHub(t, "welcome")
	s := newScene(to)
	summary, _ := s.run(t, Plan{})
	assert.Zero(t, <-summary)
}

// A thousand listeners are a thousand goroutines and no more.
func TestOneGoroutineForEachListener(t *testing.T) {
	const listeners = 200
	_, to := newHub(t, "welcome")
	s := newScene(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.ready(t, listeners)
	assert.Eventually(t, func() bool { return ours() == listeners }, 10*time.Second, 10*time.Millisecond)
	stop()
	<-summary
	assert.Eventually(t, func() bool { return ours() == 0 }, 10*time.Second, 10*time.Millisecond)
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
