package appsync

import "slices"

// subscription is one of a connection's subscriptions, from its start until the
// server has answered its stop.
type subscription struct {
	id    string
	state state
}

type state uint8

const (
	starting state = iota // start is sent
	unwanted              // start is sent; stop is to be sent once start is acknowledged
	live                  // start is acknowledged
	stopping              // stop is sent
)

// pending reports whether the start has no answer yet.
func (sub *subscription) pending() bool {
	return sub.state == starting || sub.state == unwanted
}

// stop returns the frame that ends the subscription, or nil if it can't be sent yet or
// has been sent before.
func (sub *subscription) stop() []byte {
	switch sub.state {
	case starting:
		sub.state = unwanted
	case live:
		sub.state = stopping
		return stopFrame(sub.id)
	case unwanted, stopping:
	}
	return nil
}

// begin adds a subscription whose start is being sent.
func (s *Session) begin(id string) {
	s.lastID++
	s.subscriptions = append(s.subscriptions, subscription{id: id})
}

func (s *Session) find(id []byte) *subscription {
	for i := range s.subscriptions {
		if s.subscriptions[i].id == string(id) {
			return &s.subscriptions[i]
		}
	}
	return nil
}

func (s *Session) forget(id string) {
	s.subscriptions = slices.DeleteFunc(s.subscriptions, func(sub subscription) bool {
		return sub.id == id
	})
}
