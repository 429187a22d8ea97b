package appsync

import (
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
)

// connect upgrades a request to a connection.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	conn := g.endpoint.Upgrade(w, r)
	if conn == nil {
		return
	}
	c := &connection{Conn: conn, gateway: g, host: r.Host, keptAlive: realtime.NewKeptAlive(conn)}
	g.keepAlives.Schedule(&c.keptAlive)
	g.Hub.Serve(conn, c)
}
