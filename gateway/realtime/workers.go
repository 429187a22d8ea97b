package realtime

import (
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Workers deliver what is published. The connections are divided into fixed parts with a
// worker each, so that every connection gets what is published in the order in which it was
// queued.
type Workers struct {
	hub    *socket.Hub
	faults *fault.Faults
	queues [parts]chan job
}

const (
	parts = 4
	// MaxQueued is how many jobs of a worker may wait. When there are as many,
	// publishing waits.
	MaxQueued = 256
)

// job is one value for some subscribers of one part.
type job struct {
	account *truth.Broadcast
	value   []byte
	to      []*Subscriber
}

// StartWorkers starts workers, which the hub's end ends.
func StartWorkers(hub *socket.Hub, faults *fault.Faults) *Workers {
	w := &Workers{hub: hub, faults: faults}
	for i := range w.queues {
		queue := make(chan job, MaxQueued)
		w.queues[i] = queue
		hub.Go(func() { w.deliver(queue) })
	}
	return w
}

// Queue has a value delivered to subscribers, and returns without waiting for that.
func (w *Workers) Queue(account *truth.Broadcast, value []byte, to Subscribers) {
	for part, list := range to {
		if len(list) == 0 {
			continue
		}
		select {
		case w.queues[part] <- job{account, value, list}:
		case <-w.hub.Context().Done():
		}
	}
}

// deliver is a worker: it does the jobs of one queue until the gateway is closed.
func (w *Workers) deliver(queue <-chan job) {
	for {
		select {
		case <-w.hub.Context().Done():
			return
		case j := <-queue:
			for _, s := range j.to {
				// What a client reads too slowly for is dropped. AWS drops what exceeds a
				// connection's rate (monitoring.html, "InboundMessageDropped").
				_ = w.faults.Deliver(&s.Listener, j.account, j.value)
			}
		}
	}
}
