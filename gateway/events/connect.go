package events

import (
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/appsync"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"golang.org/x/time/rate"
)

// connect upgrades a request to a connection. AppSync upgrades even requests that it
// refuses, and gives the reason in a connection_error.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	if status := g.faults.Refuse(); status != 0 {
		g.Hub.Counters.Refused.Add(1)
		appsync.AnswerProblem(w, status, appsync.Refusal(status))
		return
	}
	wrong := g.check(r)
	conn, err := g.Hub.Upgrade(w, r)
	if err != nil {
		g.Hub.Counters.Refused.Add(1)
		appsync.AnswerProblem(w, http.StatusBadRequest, auth.Problem{Type: badRequest, Message: err.Error()})
		return
	}
	if wrong != nil {
		g.Hub.Counters.Refused.Add(1)
		_ = conn.WriteError(errorFrame("connection_error", "", *wrong)) // if this fails, the client has left
		conn.Close(websocket.CloseNormalClosure, "")
		g.Hub.Serve(conn, refused{})
		return
	}
	g.Hub.Counters.Accepted.Add(1)
	g.Hub.Serve(conn, &connection{
		Conn: conn, gateway: g, host: r.Host,
		pace: rate.NewLimiter(rate.Limit(g.config.PublishRate), max(1, int(g.config.PublishRate))),
	})
}

// check returns what is wrong with a request for an upgrade, or nil.
func (g *Gateway) check(r *http.Request) *auth.Problem {
	offered := websocket.Subprotocols(r)
	if len(offered) == 0 {
		return &auth.Problem{Message: "NoProtocolError", Code: http.StatusBadRequest}
	}
	if !slices.Contains(offered, subprotocol) {
		return &auth.Problem{Message: "SubProtocolNotSupportedError", Code: http.StatusBadRequest}
	}
	return g.config.Access.CheckUpgrade(r, path)
}

// isDue reports whether a ka is due, and notes that it is written now.
func (c *connection) isDue(now time.Time) bool {
	last := c.lastAlive.Load()
	if last == 0 || now.Sub(time.Unix(0, last)) < c.gateway.config.KeepAlive {
		return false
	}
	c.lastAlive.Store(now.UnixNano())
	return true
}

// refused is the owner of a connection that got a connection_error.
type refused struct{}

func (refused) Text([]byte) {}
func (refused) Closed()     {}

var _ socket.Owner = refused{}
