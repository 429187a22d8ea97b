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
	unwanted              // start is sent, and stop will be when it is acknowledged
	live                  // start is acknowledged
	stopping              // stop is sent
)

// waits says whether its start has no answer yet.
func (sub *subscription) waits() bool {
	return sub.state == starting || sub.state == unwanted
}

// stop returns the frame to send for the subscription to end, if it is time.
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
