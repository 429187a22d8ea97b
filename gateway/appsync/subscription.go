package appsync

import (
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/tidwall/gjson"
)

// subscription is one start that was acknowledged, and a fault's outlet.
type subscription struct {
	conn     *connection
	id       string // a JSON string, as the client wrote it
	group    *group
	place    int // in its part of the group
	listener fault.Listener
}

func newSubscription(c *connection, id gjson.Result) *subscription {
	s := &subscription{conn: c, id: id.Raw}
	s.listener = fault.Listener{Number: c.Number, Out: s, Withheld: &c.Withheld}
	return s
}

func (s *subscription) name() string { return gjson.Parse(s.id).Str }

// Data writes a broadcast's payload.
func (s *subscription) Data(payload []byte) error { return writeData(s.conn.Conn, s.id, payload) }

// Error writes an error without an id, as AppSync does when a limit is exceeded.
func (s *subscription) Error() error {
	return s.conn.WriteError(errorFrame("", problem{Type: "LimitExceededError", Message: "Rate limit exceeded"}))
}

// Cut ends the connection.
func (s *subscription) Cut() { s.conn.Cut() }
