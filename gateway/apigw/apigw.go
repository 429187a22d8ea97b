// Package apigw is API Gateway's side of a WebSocket API: it accepts the
// connections, passes what they send to an integration, and serves
// @connections, through which the integration and others answer.
//
// It follows AWS's developer guide for API Gateway, chapter "WebSocket APIs",
// and captures of real traffic where the guide says nothing.
package apigw

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// maxMessage is the length in bytes that a message may have, in either direction
// (apigateway-execution-service-websocket-limits-table).
const maxMessage = 128 << 10

// maxFrame is the length in bytes of a frame from the client. A longer message must come in
// several frames (the same page).
const maxFrame = 32 << 10

// The errors of a post.
var (
	ErrTooLarge = errors.New("payload is larger than 128 KB") // the 413 of @connections
	ErrGone     = errors.New("connection is gone")            // it has been closed: the 410 of @connections
	// ErrLimitExceeded is the 429 of @connections for a client that reads too slowly: "the
	// WebSocket client side buffer is full" in the API reference of PostToConnection.
	ErrLimitExceeded = errors.New("the client side buffer is full")
)

// Integration is the application that the API's routes lead to. For one connection
// Connect is called first and Disconnect last, and Default one after another unless
// Config.Concurrent is set.
type Integration interface {
	Connect(connectionID string) error             // $connect; an error refuses the connection
	Default(connectionID, body string) (err error) // every other route
	Disconnect(connectionID string)                // $disconnect
}

// ErrForbidden is the error of a message for which an application has no route.
var ErrForbidden = errors.New("no route")

// Config is what may differ from AWS.
type Config struct {
	Stage              string        // the only one that is deployed
	Concurrent         bool          // a connection's messages are handled at the same time, as on AWS
	Compression        bool          // permessage-deflate is negotiated, as on AWS
	Idle, Lifetime     time.Duration // of a connection: on AWS 10 minutes and 2 hours
	Write              time.Duration // how long a write may take
	IntegrationTimeout time.Duration // after which the client gets an error frame: on AWS 29 s

	// Access is who may connect: everybody if it has nothing in it.
	Access auth.Policy
	// Refused is told why connections aren't let in, once for each cause; nil for nobody.
	Refused func(why string)
}

// Gateway is one API. It must be closed.
type Gateway struct {
	Hub   *socket.Hub
	Tally *truth.Tally

	config      Config
	faults      *fault.Faults
	integration Integration
	refusals    refusals

	mu          sync.RWMutex
	connections map[string]*connection
}

// New returns an API without an integration, which Deploy sets.
func New(config Config, faults *fault.Faults) *Gateway {
	return &Gateway{
		Hub: socket.NewHub(socket.Limits{
			Message: maxMessage, Frame: maxFrame, Idle: config.Idle, Lifetime: config.Lifetime, Write: config.Write,
			Compression: config.Compression,
		}),
		Tally:       truth.New(),
		config:      config,
		faults:      faults,
		connections: map[string]*connection{},
		refusals:    refusals{tell: config.Refused},
	}
}

// Deploy sets the integration. It must be called before the first request.
func (g *Gateway) Deploy(integration Integration) { g.integration = integration }

// Close closes all connections with 1001 "Going away".
func (g *Gateway) Close() { g.Hub.Close() }

// ServeHTTP serves /{stage}, with or without a slash at its end, and
// /{stage}/@connections/{id}. Everything else is forbidden, as on AWS.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stage, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	id, manages := strings.CutPrefix(rest, "@connections/")
	switch {
	case stage != g.config.Stage:
		refuse(w, http.StatusForbidden)
	case manages:
		g.manage(w, r, id)
	case rest == "" && r.Method == http.MethodGet:
		g.connect(w, r)
	default:
		refuse(w, http.StatusForbidden)
	}
}

// refuse answers with a status and the status's message.
func refuse(w http.ResponseWriter, status int) {
	message, kind := http.StatusText(status), ""
	switch {
	case status >= http.StatusInternalServerError:
		message = internalError
	case status == http.StatusForbidden:
		kind = "ForbiddenException"
	}
	answer(w, status, kind, message)
}
