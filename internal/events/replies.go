package events

import (
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// connectionAck goes on to the handshake's subscriptions, if there are any.
func (s *Session) connectionAck(frame []byte) dialect.Event {
	if s.phase != connecting {
		return dialect.Event{}
	}
	s.phase = acknowledged
	timeout := realtime.Timeout(frame)
	if len(s.subscribe) == 0 {
		return dialect.Event{Kind: dialect.Ready, Timeout: timeout}
	}
	var first *dialect.Event
	for i := len(s.subscribe) - 1; i >= 0; i-- {
		first = &dialect.Event{Kind: dialect.Progress, Answer: s.subscribe[i], Next: first}
	}
	for i := range s.subscribe {
		s.begin(operation{id: HandshakeID(i), state: subscribing})
	}
	first.Timeout = timeout
	return *first
}

// subscribed makes a subscription live, or ends it if that was requested before. The
// counter counts it either way, because the server has acknowledged it. The connection
// is ready with the last of the handshake's.
func (s *Session) subscribed(id []byte) dialect.Event {
	op := s.find(id)
	if op == nil || !op.isSubscribing() {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: op.id, Counter: SubscribedCounter}
	isLast := s.answerHandshake(op.id)
	wanted := op.state == subscribing
	op.state = live
	switch {
	case !wanted:
		event.Answer = op.end()
	case isLast:
		event.Kind = dialect.Ready
	}
	return event
}

// answerHandshake notes the answer to a subscription if it is one of the handshake's, and
// reports whether it was the last of these.
func (s *Session) answerHandshake(id string) (last bool) {
	for i := range s.subscribe {
		if HandshakeID(i) == id {
			s.pending--
			return s.pending == 0
		}
	}
	return false
}

// data returns the event of a data frame. It names no subscription if that is over, or
// if the frame doesn't name it. In which form the frame holds its event makes no
// difference to who looks for a stamp in it: AWS documents a list and sends a string.
func (s *Session) data(id []byte) dialect.Event {
	event := dialect.Event{Kind: dialect.Data}
	if op := s.find(id); op != nil {
		event.Request = op.id
	}
	return event
}

// unsubscribed ends a subscription.
func (s *Session) unsubscribed(id []byte) dialect.Event {
	op := s.find(id)
	if op == nil || op.state != unsubscribing {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: op.id}
	s.forget(op.id)
	return event
}

// published returns the answer to a request to publish, as one event for each of the
// events that were published, because each may fail by itself.
func (s *Session) published(id, frame []byte) dialect.Event {
	op := s.find(id)
	if op == nil || op.state != publishing {
		return dialect.Event{}
	}
	request, published := op.id, parsePublished(frame, op.events)
	s.forget(request)
	return published.answer(request)
}

// answer is what was published as the answer to a request: a Failure for each event that
// failed and a Progress for each other. The first Progress, or the last failure if there
// is none, ends the request.
func (p *Published) answer(request string) dialect.Event {
	var events []dialect.Event
	for i := range p.Failed {
		events = append(events, dialect.Event{Kind: dialect.Failure, Request: request, Err: p.Failed[i].Err})
	}
	for range p.events - len(p.Failed) {
		events = append(events, dialect.Event{Kind: dialect.Progress, Request: request})
	}
	ending := min(len(p.Failed), len(events)-1)
	if events[ending].Kind == dialect.Failure {
		events[ending].Kind = dialect.Refusal
	}
	events[ending].Reply = p
	for i := range len(events) - 1 {
		events[i].Next = &events[i+1]
	}
	return events[0]
}

// broadcastError says that one event didn't reach a subscription. It ends nothing.
func (s *Session) broadcastError(id, frame []byte) dialect.Event {
	event := dialect.Event{Kind: dialect.Failure, Err: names.FrameError(frame, Other)}
	if op := s.find(id); op != nil {
		event.Request = op.id
	}
	return event
}

// fail returns the requests that an error frame refuses: that with its id. Without one it
// refuses the connection if that isn't acknowledged yet, else every subscribe that waits,
// because AppSync omits the id from errors that it finds before it has read it. What is
// being published isn't refused by it: it may well be another's error.
func (s *Session) fail(id, frame []byte) dialect.Event {
	err := names.FrameError(frame, Other)
	switch {
	case len(id) > 0:
		return s.failOne(id, err)
	case s.phase == connecting:
		s.phase = refused
		return dialect.Event{Kind: dialect.Refusal, Err: err}
	default:
		return s.failSubscribing(err)
	}
}

// failOne refuses what waits for an answer. A live subscription stays live: such an error
// doesn't say that it ends anything.
func (s *Session) failOne(id []byte, err *dialect.Error) dialect.Event {
	event := dialect.Event{Kind: dialect.Failure, Err: err}
	if op := s.find(id); op != nil {
		event.Request = op.id
		err.Final = op.state == publishing && isFinal(err.Name)
		if op.state != live {
			event.Kind = dialect.Refusal
			s.forget(op.id)
		}
	}
	return event
}

// failSubscribing refuses every subscribe that waits, in the order in which they were sent.
func (s *Session) failSubscribing(err *dialect.Error) dialect.Event {
	var first *dialect.Event
	for i := len(s.operations) - 1; i >= 0; i-- {
		if op := &s.operations[i]; op.isSubscribing() {
			first = &dialect.Event{Kind: dialect.Refusal, Request: op.id, Err: err, Next: first}
		}
	}
	if first == nil {
		return dialect.Event{Kind: dialect.Failure, Err: err}
	}
	for e := first; e != nil; e = e.Next {
		s.forget(e.Request)
	}
	return *first
}
