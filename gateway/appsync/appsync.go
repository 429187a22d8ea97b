// Package appsync is AppSync's side: a GraphQL API over HTTP, and its
// subscriptions over WebSocket with AppSync's variant of the graphql-ws protocol.
//
// It follows AWS's developer guide for AppSync, real-time-websocket-client.html
// and aws-appsync-real-time-data.html, and captures of real traffic where these
// say nothing. The schema is that of the blog.
package appsync

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/graph-gophers/graphql-go"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

const (
	subprotocol = "graphql-ws"

	// maxMessage is the length in bytes that a payload for a subscriber may have
	// (docs.aws.amazon.com/general/latest/gr/appsync.html). AppSync documents no
	// limit for messages from clients; here it is the same.
	maxMessage = 240 << 10
)

// Config is what may differ from AWS.
type Config struct {
	Access    auth.Policy
	KeepAlive time.Duration // from one ka to the next: on AWS 60 s
	Lifetime  time.Duration // of a connection: on AWS 24 hours
	Write     time.Duration // how long a write may take
}

// Gateway is one API. It must be closed.
type Gateway struct {
	Hub   *socket.Hub
	Tally *truth.Tally
	Ready atomic.Int64 // connections with a subscription

	config Config
	faults *fault.Faults
	schema *graphql.Schema
	broker broker
}

// New returns an API that is ready to serve.
func New(config Config, faults *fault.Faults) *Gateway {
	g := &Gateway{
		Hub: socket.NewHub(socket.Limits{
			Message: maxMessage, Lifetime: config.Lifetime, Write: config.Write,
		}, subprotocol),
		Tally:  truth.New(),
		config: config,
		faults: faults,
	}
	g.schema = graphql.MustParseSchema(schemaText, &resolver{publish: g.publish})
	g.startBroker()
	g.Hub.Go(g.keepAlive)
	return g
}

// Close closes all connections with 1001 "Going away".
func (g *Gateway) Close() { g.Hub.Close() }

// ServeHTTP serves GraphQL, and the real-time endpoint to requests for an
// upgrade.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		g.connect(w, r)
		return
	}
	g.serveGraphQL(w, r)
}

// keepAlive periodically writes a ka to every connection, from one goroutine.
func (g *Gateway) keepAlive() {
	ticker := time.NewTicker(g.config.KeepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-g.Hub.Context().Done():
			return
		case <-ticker.C:
		}
		if g.faults.StopKeepAlive() {
			continue
		}
		for _, c := range g.Hub.Conns() {
			_ = c.Write(keepAliveFrame) // a connection whose write fails is closed
		}
	}
}
