// Package appsync is the dialect of AppSync's GraphQL subscriptions: the
// WebSocket subprotocol graphql-ws as AppSync implements it. See "Building a
// real-time WebSocket client" in AppSync's developer guide.
package appsync

import (
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// Session is one connection's side of the dialect; it implements
// dialect.Session. A request is named by its subscription's id.
type Session struct {
	subscriptions realtime.Subscriptions
}

var _ dialect.Session = (*Session)(nil)

// New returns the session of a new connection. Starts are the frames of the subscriptions
// that are part of the handshake, each made by StartFrame with its realtime.HandshakeID. The
// handshake is over when all are acknowledged. Sessions may share them.
func New(starts [][]byte) *Session {
	return &Session{subscriptions: realtime.NewSubscriptions(starts)}
}

// Open implements dialect.Session.
func (s *Session) Open() dialect.Event { return realtime.Open() }

// Receive implements dialect.Session.
func (s *Session) Receive(frame []byte) dialect.Event {
	m := realtime.ParseMessage(frame)
	switch string(m.Type) {
	case "data":
		return dialect.Event{Kind: dialect.Data, Request: s.subscriptions.Name(m.ID)}
	case "ka":
		return dialect.Event{Kind: dialect.KeepAlive}
	case "start_ack":
		return s.subscriptions.Started(m.ID, stopFrame)
	case "complete":
		return s.complete(m.ID)
	case "error":
		return s.subscriptions.Fail(m.ID, names.FrameError(frame, Validation))
	case "connection_ack":
		return s.subscriptions.Acknowledge(frame)
	case "connection_error":
		return s.subscriptions.Fail(nil, names.FrameError(frame, realtime.Other))
	default:
		return dialect.Event{}
	}
}

// Farewell implements dialect.Session: it stops every live subscription.
func (s *Session) Farewell() [][]byte { return s.subscriptions.StopAll(stopFrame) }

// Subscribe starts another subscription and returns its id and the frame to send.
// Data and authorization are as for StartFrame. The server's answer becomes a Progress
// or a Refusal. Before the server has answered connection_init the error is
// realtime.ErrNotAcknowledged.
func (s *Session) Subscribe(data string, authorization []byte) (id string, frame []byte, err error) {
	if id, err = s.subscriptions.Begin(); err != nil {
		return "", nil, err
	}
	return id, StartFrame(id, data, authorization), nil
}

// Stop ends the subscription with this id and returns the frame to send, if any (see
// realtime.Subscriptions.Stop). The server's answer becomes a Progress or a Refusal.
func (s *Session) Stop(id string) []byte { return s.subscriptions.Stop(id, stopFrame) }
