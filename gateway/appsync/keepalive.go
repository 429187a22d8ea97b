package appsync

import (
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
)

// keepAlives are the connections in the order in which they get their next ka. The time from
// one to the next is the same for all, so that whoever is added comes last. One goroutine
// serves all of them, because a timer for each would cost memory.
type keepAlives struct {
	interval time.Duration

	mu    sync.Mutex
	queue []keepAlive
}

// keepAlive is the next ka of a connection. It is void if the connection's next one is
// another by now.
type keepAlive struct {
	to  *connection
	due time.Time
}

// schedule makes the connection's next ka come after a whole interval.
func (k *keepAlives) schedule(c *connection) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.left {
		return
	}
	c.keepAlive = time.Now().Add(k.interval)
	k.queue = append(k.queue, keepAlive{c, c.keepAlive})
}

// leave makes the connection get no ka any more.
func (k *keepAlives) leave(c *connection) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.left, c.keepAlive = true, time.Time{}
}

// take returns the connections whose ka is due, and for how long there is none.
func (k *keepAlives) take(now time.Time) (due []*connection, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.queue) > 0 {
		first := k.queue[0]
		if first.due.After(now) {
			return due, first.due.Sub(now)
		}
		k.queue[0] = keepAlive{} // so that a closed connection isn't kept
		k.queue = k.queue[1:]
		if first.to.keepAlive.Equal(first.due) {
			due = append(due, first.to)
		}
	}
	return due, k.interval
}

// keepAlive writes a ka to each connection whenever its interval has passed.
func (g *Gateway) keepAlive() {
	timer := time.NewTimer(g.config.KeepAlive)
	defer timer.Stop()
	for {
		select {
		case <-g.Hub.Context().Done():
			return
		case now := <-timer.C:
			due, wait := g.keepAlives.take(now)
			for _, c := range due {
				if !g.faults.StopKeepAlive() {
					_ = c.Write(realtime.KeepAliveFrame) // a connection whose write fails is closed
				}
				g.keepAlives.schedule(c)
			}
			timer.Reset(wait)
		}
	}
}
