package apigw

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// Session is one connection's side of the dialect; it implements
// dialect.Session. A request is named by the text it sends.
type Session struct {
	steps     []Step     // those not yet complete; the text of the first has been sent
	handshake *handshake // nil when it is complete
}

var (
	_ dialect.Session   = (*Session)(nil)
	_ dialect.Explainer = (*Session)(nil)
)

// New returns the session of a connection whose handshake is steps. Sessions
// may share steps, which are not changed.
func New(steps []Step) *Session {
	s := &Session{steps: slices.Clip(steps)}
	if len(steps) > 0 {
		s.handshake = &handshake{steps: len(steps), left: len(steps)}
	}
	return s
}

// Open implements dialect.Session.
func (s *Session) Open() dialect.Event {
	event := dialect.Event{Kind: dialect.Progress}
	if s.handshake == nil {
		event.Kind = dialect.Ready
	}
	s.begin(&event)
	return event
}

// Do adds a request. The event's Answer is its text if it can be sent at once. If an
// earlier request has no reply yet, the text becomes the Answer to that reply.
func (s *Session) Do(step Step) dialect.Event {
	event := dialect.Event{Kind: dialect.Progress}
	s.steps = append(s.steps, step)
	if len(s.steps) == 1 {
		s.begin(&event)
	}
	return event
}

// Withdraw takes back a request that Do added, whose reply isn't waited for any longer.
// If its text had been sent, the next request's text is the event's Answer.
func (s *Session) Withdraw(step Step) dialect.Event {
	event := dialect.Event{Kind: dialect.Progress}
	i := slices.Index(s.steps[s.handshake.pending():], step)
	if i < 0 {
		return event
	}
	i += s.handshake.pending()
	s.steps = slices.Concat(s.steps[:i], s.steps[i+1:])
	if i == 0 {
		s.begin(&event)
	}
	return event
}

// Receive implements dialect.Session. Every frame that is neither the awaited reply
// nor an error frame of the gateway is Data, because a broadcast may overtake a reply.
func (s *Session) Receive(frame []byte) dialect.Event {
	s.handshake.note(frame)
	// Errors come first: a step whose reply is JSON may expect no more than a brace.
	err := parseError(frame)
	switch waiting := len(s.steps) > 0; {
	case err != nil && waiting:
		return s.refuse(err)
	case err != nil:
		return dialect.Event{Kind: dialect.Failure, Err: err}
	case !waiting:
		return dialect.Event{Kind: dialect.Data}
	}
	id, ok := s.steps[0].match(frame)
	if !ok {
		return dialect.Event{Kind: dialect.Data}
	}
	event := s.complete()
	event.ConnectionID = id
	return event
}

// Farewell implements dialect.Session. API Gateway needs none.
func (s *Session) Farewell() [][]byte { return nil }

// begin makes the first step's text the event's Answer. If that step waits for no
// reply, it is complete, and begin goes on to the next.
func (s *Session) begin(event *dialect.Event) {
	if len(s.steps) == 0 {
		s.steps = nil // frees the handshake's memory
		return
	}
	step := &s.steps[0]
	if step.Send != "" {
		event.Answer = []byte(step.Send)
	}
	event.StepTimeout = step.Timeout
	if !step.waits() {
		next := s.complete()
		event.Next = &next
	}
}

// complete removes the first step and begins the next.
func (s *Session) complete() dialect.Event {
	step := s.steps[0]
	s.steps = s.steps[1:]
	event := dialect.Event{Kind: dialect.Progress, Request: step.Send, Counter: step.Counter}
	if s.handshake.pending() > 0 {
		if s.handshake.left--; s.handshake.left == 0 {
			event.Kind, s.handshake = dialect.Ready, nil
		}
	}
	s.begin(&event)
	return event
}

// refuse removes the first step and begins the next. A refused step of the handshake
// removes the rest of the handshake as well, so that Ready never comes.
//
// An error frame doesn't name the text that it answers. It is taken for the awaited
// reply, because nothing better is known.
func (s *Session) refuse(err *dialect.Error) dialect.Event {
	step := s.steps[0]
	event := dialect.Event{Kind: dialect.Refusal, Request: step.Send, Err: err}
	pending := s.handshake.pending()
	if pending > 0 {
		s.handshake.refused = &step
	}
	s.steps = s.steps[max(pending, 1):]
	s.begin(&event)
	return event
}
