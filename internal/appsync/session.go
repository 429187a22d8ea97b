// Package appsync is the dialect of AppSync's GraphQL subscriptions: the
// WebSocket subprotocol graphql-ws as AppSync implements it. See "Building a
// real-time WebSocket client" in AppSync's developer guide.
package appsync

import (
	"errors"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// SubscribedCounter is the metric that counts acknowledged subscriptions.
const SubscribedCounter = "subscribed_success_counter"

// ErrNotAcknowledged is returned by Subscribe before the server has answered
// connection_init, because it would ignore the start.
var ErrNotAcknowledged = errors.New("appsync: the connection is not acknowledged")

// Session is one connection's side of the dialect; it implements
// dialect.Session. A request is named by its subscription's id.
type Session struct {
	starts        [][]byte       // the frames of the handshake's subscriptions; nil without any
	subscriptions []subscription // started and not over
	lastID        int32
	awaited       int32 // how many of the handshake's are yet to be acknowledged
	phase         phase
}

var _ dialect.Session = (*Session)(nil)

// New returns the session of a new connection. Starts are the frames of the subscriptions
// that are part of the handshake, each made by StartFrame with its StartID. The handshake is
// over when all are acknowledged. Sessions may share them.
func New(starts [][]byte) *Session { return &Session{starts: starts} }

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
	case "start_ack":
		return s.startAck(m.ID)
	case "complete":
		return s.complete(m.ID)
	case "error":
		return s.fail(m.ID, names.FrameError(frame, Validation))
	case "connection_ack":
		return s.connectionAck(frame)
	case "connection_error":
		return s.fail(nil, names.FrameError(frame, Other))
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

// Subscribe starts another subscription and returns its id and the frame to send.
// Data and authorization are as for StartFrame. The server's answer becomes a Progress
// or a Refusal.
func (s *Session) Subscribe(data string, authorization []byte) (id string, frame []byte, err error) {
	if s.phase != acknowledged {
		return "", nil, ErrNotAcknowledged
	}
	id = StartID(int(s.lastID))
	s.begin(id)
	return id, StartFrame(id, data, authorization), nil
}

// Stop ends the subscription with this id and returns the frame to send, if any. A
// server ignores the stop of a subscription that it hasn't acknowledged; the frame is
// then held back and becomes the Answer to the acknowledgement. The server's answer to a
// stop becomes a Progress or a Refusal.
func (s *Session) Stop(id string) []byte {
	if sub := s.find([]byte(id)); sub != nil {
		return sub.stop()
	}
	return nil
}
