// Package events is the dialect of AppSync Events: the WebSocket subprotocol
// aws-appsync-event-ws. See "Understanding the Event API WebSocket protocol" in AppSync
// Events' developer guide.
package events

import (
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// Session is one connection's side of the dialect; it implements dialect.Session. A
// request is named by its operation's id.
type Session struct {
	subscriptions realtime.Subscriptions
	publishing    map[string]int // how many events each request to publish has that isn't answered
}

var _ dialect.Session = (*Session)(nil)

// New returns the session of a new connection. Subscribe are the frames of the
// subscriptions that are part of the handshake, made by SubscribeFrame with the ids that
// realtime.HandshakeID gives them. Sessions may share them.
func New(subscribe [][]byte) *Session {
	return &Session{subscriptions: realtime.NewSubscriptions(subscribe)}
}

// Open implements dialect.Session.
func (s *Session) Open() dialect.Event { return realtime.Open() }

// Receive implements dialect.Session.
func (s *Session) Receive(frame []byte) dialect.Event {
	m := realtime.ParseMessage(frame)
	switch string(m.Type) {
	case "data":
		// In which form the frame holds its event makes no difference to who looks for a stamp
		// in it: AWS documents a list and sends a string.
		return dialect.Event{Kind: dialect.Data, Request: s.subscriptions.Name(m.ID)}
	case "ka":
		return dialect.Event{Kind: dialect.KeepAlive}
	case "subscribe_success":
		return s.subscriptions.Started(m.ID, unsubscribeFrame)
	case "publish_success":
		return s.published(m.ID, frame)
	case "unsubscribe_success":
		return s.unsubscribed(m.ID)
	case "connection_ack":
		return s.subscriptions.Acknowledge(frame)
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
func (s *Session) Farewell() [][]byte { return s.subscriptions.StopAll(unsubscribeFrame) }

// Subscribe begins another subscription and returns its id and the frame to send. Body
// and authorization are as for SubscribeFrame. The server's answer becomes a Progress or a
// Refusal. Before the server has answered connection_init the error is
// realtime.ErrNotAcknowledged.
func (s *Session) Subscribe(body string, authorization []byte) (id string, frame []byte, err error) {
	if id, err = s.subscriptions.Begin(); err != nil {
		return "", nil, err
	}
	return id, SubscribeFrame(id, body, authorization), nil
}

// Stop ends the subscription with this id and returns the frame to send, if any (see
// realtime.Subscriptions.Stop). The server's answer becomes a Progress or a Refusal.
func (s *Session) Stop(id string) []byte { return s.subscriptions.Stop(id, unsubscribeFrame) }

// Publish publishes so many events and returns the request's id and the frame to send.
// Body is an object with the members channel and events. The server's answer becomes a
// Progress with a *Published as its Reply, or a Refusal. The error is as for Subscribe.
func (s *Session) Publish(body string, events int, authorization []byte) (id string, frame []byte, err error) {
	if id, err = s.subscriptions.NewID(); err != nil {
		return "", nil, err
	}
	if s.publishing == nil {
		s.publishing = map[string]int{}
	}
	s.publishing[id] = events
	return id, operationFrame("publish", id, body, authorization), nil
}

// Abandon forgets a request to publish whose answer isn't waited for any longer.
func (s *Session) Abandon(id string) { delete(s.publishing, id) }
