package events

import (
	"net/http"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"golang.org/x/time/rate"
)

// connect upgrades a request to a connection.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	conn := g.endpoint.Upgrade(w, r)
	if conn == nil {
		return
	}
	g.Hub.Serve(conn, &connection{
		Conn: conn, gateway: g, host: r.Host, keptAlive: realtime.NewKeptAlive(conn),
		pace: rate.NewLimiter(rate.Limit(g.config.PublishRate), max(1, int(g.config.PublishRate))),
	})
}
