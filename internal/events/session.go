// Package events is the dialect of AppSync Events: the WebSocket subprotocol
// aws-appsync-event-ws. See "Understanding the Event API WebSocket protocol" in AppSync
// Events' developer guide.
package events

import (
	"errors"
	"strconv"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// SubscribedCounter is the metric that counts acknowledged subscriptions.
const SubscribedCounter = "subscribed_success_counter"

// ErrNotAcknowledged is returned by Subscribe and Publish before the server has answered
// connection_init, because it would ignore them.
var ErrNotAcknowledged = errors.New("events: the connection is not acknowledged")

// Session is one connection's side of the dialect; it implements dialect.Session. A
// request is named by its operation's id.
type Session struct {
	subscribe  [][]byte    // the frames of the handshake's subscriptions
	pending    int         // how many of these have no answer yet, or aren't sent
	operations []operation // begun and not over
	lastID     int
	phase      phase
}

var _ dialect.Session = (*Session)(nil)

// New returns the session of a new connection. Subscribe are the frames of the
// subscriptions that are part of the handshake, made by SubscribeFrame with the ids that
// HandshakeID gives them. Sessions may share them.
func New(subscribe [][]byte) *Session {
	return &Session{subscribe: subscribe, pending: len(subscribe)}
}

type phase uint8

const (
	connecting   phase = iota // connection_init has no answer yet
	acknowledged              // connection_ack has come
	refused                   // an error has come instead
)

var connectionInit = []byte(`{"type":"connection_init"}`)

// Open implements dialect.Session.
func (s *Session) Open() dialect.Event {
	return dialect.Event{Kind: dialect.Progress, Answer: connectionInit}
}

// Receive implements dialect.Session.
func (s *Session) Receive(frame []byte) dialect.Event {
	m := realtime.ParseMessage(frame)
	switch string(m.Type) {
	case "data":
		return s.data(m.ID)
	case "ka":
		return dialect.Event{Kind: dialect.KeepAlive}
	case "subscribe_success":
		return s.subscribed(m.ID)
	case "publish_success":
		return s.published(m.ID, frame)
	case "unsubscribe_success":
		return s.unsubscribed(m.ID)
	case "connection_ack":
		return s.connectionAck(frame)
	case "broadcast_error":
		return s.broadcastError(m.ID, frame)
	case "connection_error":
		return s.fail(nil, frame)
	case "subscribe_error", "publish_error", "unsubscribe_error", "error":
		return s.fail(m.ID, frame)
	default:
		return dialect.Event{}
	}
}

// Farewell implements dialect.Session: it ends every live subscription.
func (s *Session) Farewell() [][]byte {
	var frames [][]byte
	for i := range s.operations {
		if frame := s.operations[i].end(); frame != nil {
			frames = append(frames, frame)
		}
	}
	return frames
}

// Subscribe begins another subscription and returns its id and the frame to send. Body
// and authorization are as for SubscribeFrame. The server's answer becomes a Progress or a
// Refusal.
func (s *Session) Subscribe(body string, authorization []byte) (id string, frame []byte, err error) {
	if s.phase != acknowledged {
		return "", nil, ErrNotAcknowledged
	}
	id = s.nextID()
	s.begin(operation{id: id, state: subscribing})
	return id, SubscribeFrame(id, body, authorization), nil
}

// Stop ends the subscription with this id and returns the frame to send, if any. A
// server ignores the end of a subscription that it hasn't acknowledged; the frame is then
// held back and becomes the Answer to the acknowledgement. The server's answer becomes a
// Progress or a Refusal.
func (s *Session) Stop(id string) []byte {
	if op := s.find([]byte(id)); op != nil {
		return op.end()
	}
	return nil
}

// Publish publishes so many events and returns the request's id and the frame to send.
// Body is an object with the members channel and events. The server's answer becomes a
// Progress with a *Published as its Reply, or a Refusal.
func (s *Session) Publish(body string, events int, authorization []byte) (id string, frame []byte, err error) {
	if s.phase != acknowledged {
		return "", nil, ErrNotAcknowledged
	}
	id = s.nextID()
	s.begin(operation{id: id, state: publishing, events: events})
	return id, operationFrame("publish", id, body, authorization), nil
}

// Abandon forgets a request to publish whose answer isn't waited for any longer.
func (s *Session) Abandon(id string) {
	if op := s.find([]byte(id)); op != nil && op.state == publishing {
		s.forget(id)
	}
}

// nextID returns an id that no operation of the connection has had.
func (s *Session) nextID() string {
	s.lastID = max(s.lastID, len(s.subscribe)) + 1
	return strconv.Itoa(s.lastID)
}
