package appsync

import (
	"errors"
	"slices"
	"strconv"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// SubscribedCounter is the metric that counts acknowledged subscriptions.
const SubscribedCounter = "subscribed_success_counter"

// ErrNotAcknowledged is returned by Subscribe before the server has answered
// connection_init: it would ignore the start.
var ErrNotAcknowledged = errors.New("appsync: the connection is not acknowledged")

// Session is one connection's side of the dialect; it implements
// dialect.Session. A request is named by its subscription's id.
type Session struct {
	dialect       *Dialect
	subscriptions []subscription // begun and not ended
	lastID        int
	phase         phase
}

var _ dialect.Session = (*Session)(nil)

type phase uint8

const (
	connecting   phase = iota // connection_init has no answer yet
	acknowledged              // connection_ack has come
	refused                   // connection_error has come instead
)

var connectionInit = []byte(`{"type":"connection_init"}`)

// Open implements dialect.Session.
func (s *Session) Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: connectionInit}
}

// Receive implements dialect.Session.
func (s *Session) Receive(frame []byte) dialect.Event {
	m := parseMessage(frame)
	switch string(m.kind) {
	case "data":
		return s.data(m.id)
	case "ka":
		return dialect.Event{Kind: dialect.KeepAlive}
	case "start_ack":
		return s.startAck(m.id)
	case "complete":
		return s.complete(m.id)
	case "error":
		return s.fail(m.id, frameError(frame, Validation))
	case "connection_ack":
		return s.connectionAck(frame)
	case "connection_error":
		return s.fail(nil, frameError(frame, Other))
	default:
		return dialect.Event{}
	}
}

// Farewell implements dialect.Session: it stops every live subscription.
func (s *Session) Farewell() [][]byte {
	var frames [][]byte
	for i := range s.subscriptions {
		if frame := s.subscriptions[i].stop(); frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames
}

// Subscribe begins a subscription besides those there are and returns its id and
// the frame to send. Its answer comes as a Progress or a Refusal.
func (s *Session) Subscribe(op Operation) (id string, frame []byte, err error) {
	if s.phase != acknowledged {
		return "", nil, ErrNotAcknowledged
	}
	id = strconv.Itoa(s.lastID + 1)
	if frame, err = s.dialect.startFrame(id, op); err != nil {
		return "", nil, err
	}
	s.begin(id)
	return id, frame, nil
}

// Stop ends the subscription with this id and returns the frame to send, if any.
// A server ignores the stop of a subscription that it hasn't acknowledged and
// keeps it, so the frame is then held back to become the Answer to the
// acknowledgement. The answer to a stop comes as a Progress or a Refusal.
func (s *Session) Stop(id string) []byte {
	if sub := s.find([]byte(id)); sub != nil {
		return sub.stop()
	}
	return nil
}

func (s *Session) connectionAck(frame []byte) dialect.Event {
	if s.phase != connecting {
		return dialect.Event{}
	}
	s.phase = acknowledged
	event := dialect.Event{Kind: dialect.Ready, Timeout: timeoutOf(frame)}
	if s.dialect.start != nil {
		s.begin(firstID)
		event.Kind, event.Answer = dialect.Progress, s.dialect.start
	}
	return event
}

func (s *Session) startAck(id []byte) dialect.Event {
	sub := s.find(id)
	if sub == nil || !sub.waits() {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: sub.id, Counter: SubscribedCounter}
	if sub.state == unwanted {
		sub.state = live
		event.Answer = sub.stop()
		return event
	}
	sub.state = live
	if s.dialect.start != nil && sub.id == firstID {
		event.Kind = dialect.Ready
	}
	return event
}

// data names the subscription. It may have ended: frames overtake its stop.
func (s *Session) data(id []byte) dialect.Event {
	event := dialect.Event{Kind: dialect.Data}
	if sub := s.find(id); sub != nil {
		event.Request = sub.id
	}
	return event
}

// complete ends a subscription, as we asked or of the server's own accord.
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

// fail says which requests an error frame refuses. One with an id refuses the
// start or the stop with that id; one without refuses every start that waits, or
// the connection while that waits itself, because AppSync leaves the id out of
// errors that it finds before it has read so far.
func (s *Session) fail(id []byte, err *dialect.Error) dialect.Event {
	switch {
	case len(id) > 0:
		return s.failOne(id, err)
	case s.phase == connecting:
		s.phase = refused
		return dialect.Event{Kind: dialect.Refusal, Err: err}
	default:
		return s.failWaiting(err)
	}
}

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

func (s *Session) failWaiting(err *dialect.Error) dialect.Event {
	var first *dialect.Event
	for i := len(s.subscriptions) - 1; i >= 0; i-- {
		if sub := &s.subscriptions[i]; sub.waits() {
			first = &dialect.Event{Kind: dialect.Refusal, Request: sub.id, Err: err, Next: first}
			s.forget(sub.id)
		}
	}
	if first == nil {
		return dialect.Event{Kind: dialect.Failure, Err: err}
	}
	return *first
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
