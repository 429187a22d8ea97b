// Package events is AppSync Events' side: publishing over HTTP, and over the same
// WebSocket on which channels are subscribed to.
//
// It follows AWS's developer guide for AppSync Events, event-api-websocket-protocol.html,
// publish-http.html and channel-namespaces.html, and captures of real traffic where these
// say nothing.
package events

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

const (
	subprotocol = "aws-appsync-event-ws"

	// path is the one that every signature covers, that of a connection too.
	path = "/event"

	// maxEvent and maxRequest are lengths in bytes, and maxEvents is how many events one
	// request may have (docs.aws.amazon.com/general/latest/gr/appsync.html).
	maxEvent   = 240 << 10
	maxRequest = 1200 << 10
	maxEvents  = 5
)

// Config is what may differ from AWS.
type Config struct {
	Access      auth.Policy
	Namespaces  []string
	PublishRate float64       // requests to publish a second over one connection: on AWS 25
	KeepAlive   time.Duration // from one ka to the next: on AWS 60 s
	Lifetime    time.Duration // of a connection: on AWS 24 hours
	Write       time.Duration // how long a write may take
	// AckDelay is from connection_init to connection_ack. What comes meanwhile is ignored.
	AckDelay time.Duration
}

// Gateway is one API. It must be closed.
type Gateway struct {
	Hub   *socket.Hub
	Tally *truth.Tally
	Ready atomic.Int64 // connections with a subscription

	config     Config
	faults     *fault.Faults
	endpoint   realtime.Endpoint
	broker     broker
	keepAlives *realtime.KeepAlives
}

// New returns an API that is ready to serve.
func New(config Config, faults *fault.Faults) *Gateway {
	g := &Gateway{
		Hub: socket.NewHub(socket.Limits{
			Message: maxRequest, Lifetime: config.Lifetime, Write: config.Write,
		}, subprotocol),
		Tally:  truth.New(),
		config: config,
		faults: faults,
	}
	g.endpoint = realtime.Endpoint{
		Hub: g.Hub, Faults: faults, Access: config.Access, Subprotocol: subprotocol, Path: path, Error: connectionError,
	}
	g.broker.workers, g.broker.audiences = realtime.StartWorkers(g.Hub, faults), map[string]*realtime.Audience{}
	g.keepAlives = realtime.StartKeepAlives(g.Hub, faults, config.KeepAlive)
	return g
}

// Close closes all connections with 1001 "Going away".
func (g *Gateway) Close() { g.Hub.Close() }

// ServeHTTP serves requests to publish, and the real-time endpoint to requests for an
// upgrade.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		g.connect(w, r)
		return
	}
	g.serveHTTP(w, r)
}
