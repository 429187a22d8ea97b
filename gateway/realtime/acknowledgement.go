package realtime

import (
	"sync/atomic"
	"time"
)

// Acknowledgement is a connection's answer to connection_init, which may take a while.
type Acknowledgement struct{ pending atomic.Bool }

// Pending reports whether it is about to be written. What a client sends meanwhile is ignored,
// as on AWS (real-time-websocket-client.html, "Connection init message", and
// event-api-websocket-protocol.html, "connection_init").
func (a *Acknowledgement) Pending() bool { return a.pending.Load() }

// After has it written after a delay, or at once if there is none.
func (a *Acknowledgement) After(delay time.Duration, write func()) {
	if delay <= 0 {
		write()
		return
	}
	a.pending.Store(true)
	time.AfterFunc(delay, func() {
		a.pending.Store(false) // first, because a client may go on as soon as it has read the ack
		write()
	})
}
