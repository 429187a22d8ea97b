package realtime

import (
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// KeepAlives write a ka to each connection whenever an interval has passed. The interval is
// the same for all, so that whoever is added comes last. One goroutine serves all of them,
// because a timer for each would cost memory.
type KeepAlives struct {
	interval time.Duration

	mu    sync.Mutex
	queue []keepAlive // in the order in which they are due
}

// keepAlive is the next ka of a connection. It is void if the connection's next one is
// another by now.
type keepAlive struct {
	to  *KeptAlive
	due time.Time
}

// KeptAlive is a connection as KeepAlives know it. What it holds is theirs, under their lock.
type KeptAlive struct {
	conn *socket.Conn
	due  time.Time // when the next ka is; zero for never
	left bool
}

// NewKeptAlive returns a connection to which no ka is scheduled yet.
func NewKeptAlive(c *socket.Conn) KeptAlive { return KeptAlive{conn: c} }

// StartKeepAlives begins to keep connections alive, until the hub ends.
func StartKeepAlives(hub *socket.Hub, faults *fault.Faults, interval time.Duration) *KeepAlives {
	k := &KeepAlives{interval: interval}
	hub.Go(func() { k.write(hub, faults) })
	return k
}

// Schedule makes the connection's next ka come after a whole interval.
func (k *KeepAlives) Schedule(c *KeptAlive) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.left {
		return
	}
	c.due = time.Now().Add(k.interval)
	k.queue = append(k.queue, keepAlive{c, c.due})
}

// Leave makes the connection get no ka any more.
func (k *KeepAlives) Leave(c *KeptAlive) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c.left, c.due = true, time.Time{}
}

// write writes each ka when it is due, unless a fault says that none is sent.
func (k *KeepAlives) write(hub *socket.Hub, faults *fault.Faults) {
	timer := time.NewTimer(k.interval)
	defer timer.Stop()
	for {
		select {
		case <-hub.Context().Done():
			return
		case now := <-timer.C:
			due, wait := k.take(now)
			for _, c := range due {
				if !faults.StopKeepAlive() {
					_ = c.conn.Write(KeepAliveFrame) // a connection whose write fails is closed
				}
				k.Schedule(c)
			}
			timer.Reset(wait)
		}
	}
}

// take returns the connections whose ka is due, and for how long there is none.
func (k *KeepAlives) take(now time.Time) (due []*KeptAlive, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.queue) > 0 {
		first := k.queue[0]
		if first.due.After(now) {
			return due, first.due.Sub(now)
		}
		k.queue[0] = keepAlive{} // so that a closed connection isn't kept
		k.queue = k.queue[1:]
		if first.to.due.Equal(first.due) {
			due = append(due, first.to)
		}
	}
	return due, k.interval
}
