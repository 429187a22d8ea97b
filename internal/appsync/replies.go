package appsync

import (
	"strconv"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// connectionAck goes on to the handshake's subscriptions, if there are any.
func (s *Session) connectionAck(frame []byte) dialect.Event {
	if s.phase != connecting {
		return dialect.Event{}
	}
	s.phase = acknowledged
	if len(s.starts) == 0 {
		return dialect.Event{Kind: dialect.Ready, Timeout: realtime.Timeout(frame)}
	}
	event := dialect.Event{Kind: dialect.Progress, Answer: s.starts[0], Timeout: realtime.Timeout(frame)}
	last := &event
	for i, start := range s.starts {
		if i > 0 {
			last.Next = &dialect.Event{Kind: dialect.Progress, Answer: start}
			last = last.Next
		}
		s.begin(StartID(i))
		s.awaited++
	}
	return event
}

// startAck makes a subscription live, or stops it if its stop was requested before. The
// counter counts it either way, because the server has acknowledged it.
func (s *Session) startAck(id []byte) dialect.Event {
	sub := s.find(id)
	if sub == nil || !sub.pending() {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: sub.id, Counter: SubscribedCounter}
	if sub.state == unwanted {
		sub.state = live
		event.Answer = sub.stop()
		return event
	}
	sub.state = live
	if s.inHandshake(sub.id) {
		if s.awaited--; s.awaited == 0 {
			event.Kind = dialect.Ready
		}
	}
	return event
}

// inHandshake reports whether the handshake started the subscription with this id.
func (s *Session) inHandshake(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && n <= len(s.starts)
}

// data returns the event of a data frame. It names no subscription if that is over:
// data may come after complete.
func (s *Session) data(id []byte) dialect.Event {
	event := dialect.Event{Kind: dialect.Data}
	if sub := s.find(id); sub != nil {
		event.Request = sub.id
	}
	return event
}

// complete ends a subscription, after its stop or on the server's own initiative.
func (s *Session) complete(id []byte) dialect.Event {
	sub := s.find(id)
	if sub == nil {
		return dialect.Event{}
	}
	event := dialect.Event{Request: sub.id}
	switch sub.state {
	case starting:
		event.Kind = dialect.Refusal
		event.Err = &dialect.Error{Name: Other, Message: "complete came before start_ack"}
	case live:
		event.Kind = dialect.Ended
	case unwanted, stopping:
		event.Kind = dialect.Progress
	}
	s.forget(sub.id)
	return event
}

// fail returns the requests that an error frame refuses. With an id, it refuses the
// start or the stop with that id. Without, it refuses the connection if that isn't
// acknowledged yet, else every pending start: AppSync omits the id from errors that it
// finds before it has read the id.
func (s *Session) fail(id []byte, err *dialect.Error) dialect.Event {
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

// failOne refuses the pending start or stop of a subscription. A live subscription stays
// live: such an error doesn't say that it ends anything. If it does, complete follows, or
// the ledger shows what is missing.
func (s *Session) failOne(id []byte, err *dialect.Error) dialect.Event {
	event := dialect.Event{Kind: dialect.Failure, Err: err}
	if sub := s.find(id); sub != nil {
		event.Request = sub.id
		if sub.state != live {
			event.Kind = dialect.Refusal
			s.forget(sub.id)
		}
	}
	return event
}

// failPending refuses every pending start, in the order in which they were sent.
func (s *Session) failPending(err *dialect.Error) dialect.Event {
	var first *dialect.Event
	for i := len(s.subscriptions) - 1; i >= 0; i-- {
		if sub := &s.subscriptions[i]; sub.pending() {
			first = &dialect.Event{Kind: dialect.Refusal, Request: sub.id, Err: err, Next: first}
			s.forget(sub.id)
		}
	}
	if first == nil {
		return dialect.Event{Kind: dialect.Failure, Err: err}
	}
	return *first
}
