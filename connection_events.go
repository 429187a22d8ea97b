package pushgw

import (
	"context"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/events"
)

// subscribeToChannel is the JavaScript method subscribe() of a connection to AppSync
// Events; without a channel it takes the client's. It resolves when the subscription is
// acknowledged.
func (s *connection) subscribeToChannel(g *eventAPI, value sobek.Value) *sobek.Promise {
	channel := g.onlyChannel()
	if value != nil && !sobek.IsUndefined(value) {
		channel = s.text(value, "subscribe() takes a channel, not %s")
	}
	if channel == "" {
		s.module().throw(scriptErrorf(nameUsageError, "subscribe() needs a channel, because the client has none, or more than one"))
	}
	if err := events.CheckChannel(channel); err != nil {
		s.module().throw(scriptErrorf(nameUsageError, "subscribe(): the channel %q %w", channel, err))
	}
	return s.begin(credentials.SubscribeBody(channel))
}

// publishEvents is the JavaScript method publish(): one request over the connection. It
// resolves with what became of each event.
func (s *connection) publishEvents(g *eventAPI, value, options sobek.Value) *sobek.Promise {
	channel, texts := g.readPublish(s.module(), value, options)
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		publishing, err := sendPublish(ctx, s.call, s.host, credentials.PublishBody(channel, texts), len(texts))
		if err != nil {
			return nil, err
		}
		published, err := s.host.receivePublished(ctx, publishing)
		if err != nil {
			return nil, err
		}
		return newPublishResult(published), nil
	})
}

// sendPublish sends a request to publish n events over a connection.
func sendPublish(ctx context.Context, c *call, host *hostConn, body string, n int) (*request, error) {
	authorization, err := c.authorizeFrame(ctx, body)
	if err != nil {
		return nil, err
	}
	r := &request{
		begin: func(session dialect.Session) (string, dialect.Event, error) {
			own, _ := session.(*events.Session)
			id, frame, err := own.Publish(body, n, authorization)
			return id, dialect.Event{Kind: dialect.Progress, Answer: frame}, err
		},
		withdraw: func(session dialect.Session, id string) dialect.Event {
			own, _ := session.(*events.Session)
			own.Abandon(id)
			return dialect.Event{}
		},
	}
	host.send(r)
	return r, nil
}

// receivePublished waits for the answer to a request to publish. That nothing in it could be
// published is no error, because the answer says so of each event.
func (h *hostConn) receivePublished(ctx context.Context, r *request) (*events.Published, error) {
	err := h.receive(ctx, r)
	if published, ok := r.reply.(*events.Published); ok {
		return published, nil
	}
	return nil, err
}
