package events

import (
	"sync"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
)

// broker knows who hears which channel.
type broker struct {
	publishing sync.Mutex // held from matching to queueing, so that all queues have the same order
	workers    *realtime.Workers

	mu        sync.Mutex
	audiences map[string]*realtime.Audience // by what was subscribed to: a channel, or a wildcard
}

// join adds a subscription.
func (b *broker) join(s *subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := b.audiences[s.channel]
	if to == nil {
		to = &realtime.Audience{}
		b.audiences[s.channel] = to
	}
	to.Join(&s.subscriber)
}

// leave removes a subscription. Deliveries to it that have not been written count as
// gone.
func (b *broker) leave(s *subscription) {
	s.subscriber.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.audiences[s.channel]
	from.Leave(&s.subscriber)
	if from.Empty() {
		delete(b.audiences, s.channel)
	}
}

// match returns the subscriptions that hear a channel, and how many they are.
func (b *broker) match(channel string) (matched []realtime.Subscribers, count int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range covering(channel) {
		if a := b.audiences[name]; a != nil {
			to := a.List()
			matched = append(matched, to)
			count += to.Len()
		}
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
	for _, to := range matched {
		if len(event) > maxEvent {
			to.Drop(account)
			continue
		}
		g.broker.workers.Queue(account, encoded, to)
	}
}
