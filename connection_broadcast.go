package pushgw

import (
	"context"

	"github.com/grafana/sobek"
)

// broadcast is the JavaScript method of a connection to API Gateway. To the chat application
// it sends to the room that it is in.
func (s *connection) broadcast(g *apiGateway, value sobek.Value) *sobek.Promise {
	c, room := s.call.client, s.call.who.room
	b := c.readBroadcast("broadcast()", value, func() (string, bool) {
		if g.audience != nil {
			return c.constantAudience()
		}
		return room, true
	})
	if g.inRooms() && b.audience != room {
		s.module().throw(scriptErrorf(nameUsageError, "broadcast(): what this connection sends goes to the room that it is in, %q, and not to %q: "+
			"it has to join() that first", room, b.audience))
	}
	text := newTextBroadcaster(s.call, s.host, b.message.text, b.audience, g.inRooms())
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		return s.call.run(ctx, b, text)
	})
}
