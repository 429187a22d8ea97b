package appsync

import (
	"net/http"
	"slices"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// connect upgrades a request to a connection. AppSync upgrades even requests that
// it refuses, and gives the reason in a connection_error.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	if status := g.faults.Refuse(); status != 0 {
		g.Hub.Counters.Refused.Add(1)
		answerProblem(w, status, refusal(status))
		return
	}
	wrong := g.check(r)
	conn, err := g.Hub.Upgrade(w, r)
	if err != nil {
		g.Hub.Counters.Refused.Add(1)
		answerProblem(w, http.StatusBadRequest, problem{Type: "BadRequestException", Message: err.Error()})
		return
	}
	if wrong != nil {
		g.Hub.Counters.Refused.Add(1)
		_ = conn.WriteError(connectionError(*wrong)) // if this fails, the client has left
		conn.Close(websocket.CloseNormalClosure, "")
		g.Hub.Serve(conn, refused{})
		return
	}
	g.Hub.Counters.Accepted.Add(1)
	c := &connection{Conn: conn, gateway: g, host: r.Host}
	g.keepAlives.schedule(c)
	g.Hub.Serve(conn, c)
}

// check returns what is wrong with a request for an upgrade, or nil.
func (g *Gateway) check(r *http.Request) *problem {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 {
		return &problem{Message: "NoProtocolError", Code: http.StatusBadRequest}
	}
	if !slices.Contains(offered, subprotocol) {
		return &problem{Message: "SubProtocolNotSupportedError", Code: http.StatusBadRequest}
	}
	return g.config.Access.CheckUpgrade(r, "/graphql/connect")
}

// refusal returns AppSync's error for a status that a fault demands.
func refusal(status int) problem {
	switch status {
	case http.StatusForbidden:
		return problem{Type: "AccessDeniedException", Message: "Forbidden"}
	case http.StatusTooManyRequests:
		return problem{Type: "TooManyRequestsException", Message: "Rate exceeded"}
	default:
		return problem{Type: "InternalFailure", Message: "Internal Failure"}
	}
}

// refused is the owner of a connection that got a connection_error.
type refused struct{}

func (refused) Text([]byte) {}
func (refused) Closed()     {}

var _ socket.Owner = refused{}
