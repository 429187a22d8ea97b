package appsync

import (
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// complete ends a subscription, after its stop or on the server's own initiative.
func (s *Session) complete(id []byte) dialect.Event {
	sub := s.subscriptions.Find(id)
	if sub == nil {
		return dialect.Event{}
	}
	event := dialect.Event{Request: sub.ID}
	switch sub.State {
	case realtime.Starting:
		event.Kind = dialect.Refusal
		event.Err = &dialect.Error{Name: realtime.Other, Message: "complete came before start_ack"}
	case realtime.Live:
		event.Kind = dialect.Ended
	case realtime.Unwanted, realtime.Stopping:
		event.Kind = dialect.Progress
	}
	s.subscriptions.Forget(sub.ID)
	return event
}
