// Package appsync is AppSync's side: a GraphQL API over HTTP, and its
// subscriptions over WebSocket with AppSync's variant of the graphql-ws protocol.
//
// It follows AWS's developer guide for AppSync, real-time-websocket-client.html
// and aws-appsync-real-time-data.html, and captures of real traffic where these
// say nothing.
package appsync

import (
	_ "embed"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"golang.org/x/time/rate"
)

// blog is the schema of AWS's blog article, of which a room is all that it needs.
//
//go:embed schema.graphql
var blog string

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
	Schema    *graphql.Schema // the blog's if nil
	KeepAlive time.Duration   // from one ka to the next: on AWS 60 s
	Lifetime  time.Duration   // of a connection: on AWS 24 hours
	Write     time.Duration   // how long a write may take
	// AckDelay is from connection_init to connection_ack. What comes meanwhile is ignored.
	AckDelay time.Duration
	// Rate is how many requests there may be in a second, and how many starts; 0 is unlimited.
	Rate int
	// SingleErrors makes errors of exceeded limits have an object in place of the list, as
	// some have on AWS.
	SingleErrors bool
}

// Gateway is one API. It must be closed.
type Gateway struct {
	Hub   *socket.Hub
	Tally *truth.Tally
	Ready atomic.Int64 // connections with a subscription

	config     Config
	faults     *fault.Faults
	schema     *graphql.Schema
	endpoint   realtime.Endpoint
	broker     broker
	keepAlives *realtime.KeepAlives
	starts     *rate.Limiter // nil if there is no limit
	requests   *rate.Limiter
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
		schema: config.Schema,
	}
	if g.schema == nil {
		g.schema = Blog()
	}
	if config.Rate > 0 {
		g.starts = rate.NewLimiter(rate.Limit(config.Rate), config.Rate)
		g.requests = rate.NewLimiter(rate.Limit(config.Rate), config.Rate)
	}
	g.endpoint = realtime.Endpoint{
		Hub: g.Hub, Faults: faults, Access: config.Access, Subprotocol: subprotocol,
		Path: "/graphql/connect", Error: connectionError,
	}
	g.broker.workers, g.broker.groups = realtime.StartWorkers(g.Hub, faults), map[string]*group{}
	g.keepAlives = realtime.StartKeepAlives(g.Hub, faults, config.KeepAlive)
	return g
}

// Blog returns the blog's schema.
func Blog() *graphql.Schema { return graphql.MustLoad("schema.graphql", blog) }

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
