package apigw

import (
	"net/http"
	"unique"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
)

// connect upgrades a request to a connection. As on AWS the $connect route is
// called before the 101 is sent, and nothing can be posted to the connection
// until then.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		refuse(w, http.StatusUpgradeRequired)
		return
	}
	if status := g.faults.Refuse(); status != 0 {
		g.Hub.Counters.Refused.Add(1)
		refuse(w, status)
		return
	}
	if status, why := g.authorize(r); status != http.StatusOK {
		g.refusals.add(why)
		g.Hub.Counters.Refused.Add(1)
		refuse(w, status)
		return
	}
	id := newID()
	if g.integration.Connect(id) != nil {
		g.Hub.Counters.Refused.Add(1)
		refuse(w, http.StatusBadGateway)
		return
	}
	conn, err := g.Hub.Upgrade(w, r)
	if err != nil {
		g.integration.Disconnect(id)
		g.Hub.Counters.Refused.Add(1)
		refuse(w, http.StatusBadRequest)
		return
	}
	c := &connection{Conn: conn, id: id, gateway: g, agent: unique.Make(r.UserAgent())}
	c.listener = fault.Listener{Number: conn.Number, Out: c, Withheld: &conn.Withheld}
	g.Hub.Counters.Accepted.Add(1)
	g.mu.Lock()
	g.connections[id] = c
	g.mu.Unlock()
	g.Hub.Serve(conn, c)
}

// lookup returns the open connection with an id.
func (g *Gateway) lookup(id string) (*connection, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	c, ok := g.connections[id]
	return c, ok
}

// forget takes a connection out of those that can be looked up, if it is among them.
func (g *Gateway) forget(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.connections, id)
}
