package realtime

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// Fail takes an error frame and returns what it refuses. With an id, that is the start or the
// end of the subscription with that id. Without, it is the connection if that isn't
// acknowledged yet, else every pending start: AppSync omits the id from errors that it finds
// before it has read the id.
func (s *Subscriptions) Fail(id []byte, err *dialect.Error) dialect.Event {
	switch {
	case len(id) > 0:
		return s.failOne(id, err)
	case s.phase == connecting:
		s.phase = refused
		return dialect.Event{Kind: dialect.Refusal, Err: err}
	default:
		return s.failPending(err)
	}
}

// failOne refuses the pending start or end of a subscription. A live subscription stays live:
// such an error doesn't say that it ends anything. If it does, the end follows, or the ledger
// shows what is missing.
func (s *Subscriptions) failOne(id []byte, err *dialect.Error) dialect.Event {
	event := dialect.Event{Kind: dialect.Failure, Err: err}
	if sub := s.Find(id); sub != nil {
		event.Request = sub.ID
		if sub.State != Live {
			event.Kind = dialect.Refusal
			s.Forget(sub.ID)
		}
	}
	return event
}

// failPending refuses every pending start, in the order in which they were sent.
func (s *Subscriptions) failPending(err *dialect.Error) dialect.Event {
	var first *dialect.Event
	for _, sub := range slices.Backward(s.begun) {
		if sub.pending() {
			first = &dialect.Event{Kind: dialect.Refusal, Request: sub.ID, Err: err, Next: first}
		}
	}
	if first == nil {
		return dialect.Event{Kind: dialect.Failure, Err: err}
	}
	s.begun = slices.DeleteFunc(s.begun, func(sub Subscription) bool { return sub.pending() })
	return *first
}
