package events

import (
	"slices"
	"sync"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// broker delivers events to the subscriptions of their channels. The connections are
// divided into fixed parts with a worker each, so that every connection gets events in
// the order in which they were published.
type broker struct {
	publishing sync.Mutex // held from matching to queueing, so that all queues have the same order
	queues     [parts]chan job

	mu        sync.Mutex
	audiences map[string]*audience // by what was subscribed to
}

const (
	parts = 4
	// maxQueued is how many jobs of a worker may wait. When there are as many,
	// publishing waits.
	maxQueued = 256
)

// audience is all subscriptions to one channel, or to one wildcard.
type audience struct {
	members [parts][]*subscription
	listed  [parts][]*subscription // a copy of members that is never changed; nil if members has changed since
}

// job is one event for some subscriptions of one part.
type job struct {
	account *truth.Broadcast
	event   []byte
	to      []*subscription
}

func (g *Gateway) startBroker() {
	g.broker.audiences = map[string]*audience{}
	for i := range g.broker.queues {
		queue := make(chan job, maxQueued)
		g.broker.queues[i] = queue
		g.Hub.Go(func() { g.deliver(queue) })
	}
}

// join adds a subscription.
func (b *broker) join(s *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := b.audiences[s.channel]
	if to == nil {
		to = &audience{}
		b.audiences[s.channel] = to
	}
	part := s.part()
	s.place = len(to.members[part])
	to.members[part] = append(to.members[part], s)
	to.listed[part] = nil
}

// leave removes a subscription. Deliveries to it that have not been written count as
// gone.
func (b *broker) leave(s *subscription) {
	s.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	from, part := b.audiences[s.channel], s.part()
	members := from.members[part]
	last := members[len(members)-1]
	members[s.place], last.place = last, s.place
	members[len(members)-1] = nil
	from.members[part] = members[:len(members)-1]
	from.listed[part] = nil
	if !slices.ContainsFunc(from.members[:], func(m []*subscription) bool { return len(m) > 0 }) {
		delete(b.audiences, s.channel)
	}
}

func (s *subscription) part() int { return int(s.conn.Number % parts) }

// match returns the subscriptions that hear a channel, by part, and how many they are.
func (b *broker) match(channel string) (matched [][parts][]*subscription, count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range covering(channel) {
		a := b.audiences[name]
		if a == nil {
			continue
		}
		for part, members := range a.members {
			if a.listed[part] == nil {
				a.listed[part] = slices.Clone(members)
			}
			count += len(members)
		}
		matched = append(matched, a.listed)
	}
	return matched, count
}

// publish queues an event for every subscription that hears the channel, and returns
// without waiting for the deliveries. event is the text of a JSON value.
func (g *Gateway) publish(channel, event string) {
	g.broker.publishing.Lock()
	defer g.broker.publishing.Unlock()
	matched, count := g.broker.match(channel)
	account := g.Tally.Open([]byte(event), count)
	encoded := encodeEvent(g.faults.EventForm(), event)
	for _, audience := range matched {
		for part, to := range audience {
			if len(event) > maxEvent {
				drop(account, to)
				continue
			}
			g.queue(part, job{account, encoded, to})
		}
	}
}

// drop drops an event that is too long. Neither the publisher nor the subscribers get an
// error, as was seen on AWS.
func drop(account *truth.Broadcast, to []*subscription) {
	for _, s := range to {
		account.Dropped(&s.conn.Withheld)
	}
}

// queue queues a job for a part's worker.
func (g *Gateway) queue(part int, j job) {
	if len(j.to) == 0 {
		return
	}
	select {
	case g.broker.queues[part] <- j:
	case <-g.Hub.Context().Done():
	}
}

// deliver is a worker: it does the jobs of one queue until the gateway is closed.
func (g *Gateway) deliver(queue <-chan job) {
	for {
		select {
		case <-g.Hub.Context().Done():
			return
		case j := <-queue:
			for _, s := range j.to {
				// What a client reads too slowly for is dropped, as by the other API.
				_ = g.faults.Deliver(&s.listener, j.account, j.event)
			}
		}
	}
}
