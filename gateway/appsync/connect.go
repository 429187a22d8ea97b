package appsync

import (
	"net/http"
	"slices"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// connect makes a request a connection. AppSync upgrades even what it is going
// to refuse, and says why in a connection_error.
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
		_ = conn.WriteError(connectionError(*wrong)) // it is closed whether it could be told or not
		conn.Close(websocket.CloseNormalClosure, "")
		g.Hub.Serve(conn, refused{})
		return
	}
	g.Hub.Counters.Accepted.Add(1)
	g.Hub.Serve(conn, &connection{Conn: conn, gateway: g, host: r.Host})
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
	given, wrong := credentialsOf(r)
	if wrong != nil {
		return wrong
	}
	return g.authorize(given, r.Host)
}

// refusal words a fault's status.
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

// refused owns a connection that was told why it is refused.
type refused struct{}

func (refused) Text([]byte) {}
func (refused) Closed()     {}

var _ socket.Owner = refused{}
