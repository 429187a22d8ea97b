package events

import (
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// unsubscribed ends a subscription.
func (s *Session) unsubscribed(id []byte) dialect.Event {
	sub := s.subscriptions.Find(id)
	if sub == nil || sub.State != realtime.Stopping {
		return dialect.Event{}
	}
	event := dialect.Event{Kind: dialect.Progress, Request: sub.ID}
	s.subscriptions.Forget(sub.ID)
	return event
}

// published returns the answer to a request to publish, as one event for each of the
// events that were published, because each may fail by itself.
func (s *Session) published(id, frame []byte) dialect.Event {
	events, ok := s.publishing[string(id)]
	if !ok {
		return dialect.Event{}
	}
	delete(s.publishing, string(id))
	return parsePublished(frame, events).answer(string(id))
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
	return dialect.Event{Kind: dialect.Failure, Request: s.subscriptions.Name(id), Err: names.FrameError(frame, realtime.Other)}
}

// fail returns what an error frame refuses: the request to publish with its id, or what
// realtime.Subscriptions.Fail says. Without an id it refuses nothing that is being published:
// it may well be another's error.
func (s *Session) fail(id, frame []byte) dialect.Event {
	err := names.FrameError(frame, realtime.Other)
	if _, ok := s.publishing[string(id)]; !ok {
		return s.subscriptions.Fail(id, err)
	}
	delete(s.publishing, string(id))
	err.Final = isFinal(err.Name)
	return dialect.Event{Kind: dialect.Refusal, Request: string(id), Err: err}
}
