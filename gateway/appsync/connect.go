package appsync

import "net/http"

// connect upgrades a request to a connection.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	conn := g.endpoint.Upgrade(w, r)
	if conn == nil {
		return
	}
	c := &connection{Conn: conn, gateway: g, host: r.Host}
	g.keepAlives.schedule(c)
	g.Hub.Serve(conn, c)
}
