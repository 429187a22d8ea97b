package pushgw

import (
	"context"

	"github.com/grafana/sobek"
)

// broadcast is the JavaScript method of a connection to the chat application: its
// broadcasts go to the room that it is in.
func (s *connection) broadcast(value sobek.Value) *sobek.Promise {
	plan, message := s.call.client.readBroadcast(value)
	audience := s.call.audience()
	return newPromise(s.module().vu, func(ctx context.Context) (any, error) {
		return s.call.run(ctx, plan, audience, &textBroadcaster{host: s.host, message: message.text})
	})
}
