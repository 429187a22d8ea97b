// Package realtime is what the sides of AppSync's two kinds of API have in common, that of
// GraphQL and that of Events: how connections are made, refused and kept alive, how what is
// published gets to its subscribers, and how HTTP requests are answered.
package realtime

import (
	"net/http"
	"slices"

	"github.com/gorilla/websocket"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// Endpoint is where an API's connections are made.
type Endpoint struct {
	Hub         *socket.Hub
	Faults      *fault.Faults
	Access      auth.Policy
	Subprotocol string
	Path        string                    // the one that a connection's signature covers
	Error       func(auth.Problem) []byte // makes the frame of a connection_error
}

// Upgrade upgrades a request to a connection, which must be passed to Hub.Serve. AppSync
// upgrades even requests that it refuses, and gives the reason in a connection_error. If the
// request is refused, in this way or another, it has been answered and the connection is nil.
func (e *Endpoint) Upgrade(w http.ResponseWriter, r *http.Request) *socket.Conn {
	if status := e.Faults.Refuse(); status != 0 {
		e.Hub.Counters.Refused.Add(1)
		AnswerProblem(w, status, Refusal(status))
		return nil
	}
	wrong := e.check(r)
	conn, err := e.Hub.Upgrade(w, r)
	if err != nil {
		e.Hub.Counters.Refused.Add(1)
		AnswerProblem(w, http.StatusBadRequest, auth.Problem{Type: "BadRequestException", Message: err.Error()})
		return nil
	}
	if wrong != nil {
		e.Hub.Counters.Refused.Add(1)
		_ = conn.WriteError(e.Error(*wrong)) // if this fails, the client has left
		conn.Close(websocket.CloseNormalClosure, "")
		e.Hub.Serve(conn, refused{})
		return nil
	}
	e.Hub.Counters.Accepted.Add(1)
	return conn
}

// check returns what is wrong with a request for an upgrade, or nil.
func (e *Endpoint) check(r *http.Request) *auth.Problem {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 {
		return &auth.Problem{Message: "NoProtocolError", Code: http.StatusBadRequest}
	}
	if !slices.Contains(offered, e.Subprotocol) {
		return &auth.Problem{Message: "SubProtocolNotSupportedError", Code: http.StatusBadRequest}
	}
	return e.Access.CheckUpgrade(r, e.Path)
}

// refused is the owner of a connection that got a connection_error.
type refused struct{}

func (refused) Text([]byte) {}
func (refused) Closed()     {}

var _ socket.Owner = refused{}
