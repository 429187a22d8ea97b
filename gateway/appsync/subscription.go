package appsync

import (
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/tidwall/gjson"
)

// subscription is a start that was acknowledged. It is the outlet through which
// deliveries reach it.
type subscription struct {
	conn       *connection
	id         string // a JSON string with its quotes, as the client sent it
	group      *group
	subscriber realtime.Subscriber
}

func newSubscription(c *connection, id gjson.Result) *subscription {
	s := &subscription{conn: c, id: id.Raw}
	s.subscriber = realtime.NewSubscriber(c.Conn, s)
	return s
}

func (s *subscription) name() string { return gjson.Parse(s.id).Str }

// Data writes a broadcast's payload.
func (s *subscription) Data(payload []byte, written func(error)) error {
	return realtime.WriteData(s.conn.Conn, s.id, "payload", payload, written)
}

// Error writes an error frame without an id, as AppSync does when a limit is
// exceeded.
func (s *subscription) Error() error {
	return s.conn.WriteError(limitFrame("", rateExceeded, s.conn.gateway.config.SingleErrors))
}

// Cut ends the connection.
func (s *subscription) Cut() { s.conn.Cut() }
