package events

import (
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/tidwall/gjson"
)

// subscription is a subscribe that was acknowledged. It is the outlet through which
// deliveries reach it.
type subscription struct {
	conn       *connection
	id         string // its letters need no escaping in JSON
	channel    string // without its outer slashes; perhaps with a wildcard
	subscriber realtime.Subscriber
}

func newSubscription(c *connection, id gjson.Result, channel string) *subscription {
	s := &subscription{conn: c, id: id.Str, channel: channel}
	s.subscriber = realtime.NewSubscriber(c.Conn, s)
	return s
}

// Data writes an event.
func (s *subscription) Data(event []byte, written func(error)) error {
	return realtime.WriteData(s.conn.Conn, `"`+s.id+`"`, "event", event, written)
}

// Error writes a broadcast_error, which says that the delivery of some event failed.
func (s *subscription) Error() error {
	return s.conn.WriteError(errorFrame("broadcast_error", s.id, auth.Problem{
		Type: processingError, Message: "Unable to process message",
	}))
}

// Cut ends the connection.
func (s *subscription) Cut() { s.conn.Cut() }
