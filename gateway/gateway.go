// Package gateway is the local push gateway: what AWS's blog article builds in
// the cloud, on one machine and one port, for trial runs, tests and CI. It speaks
// both protocols of that article, and that of AppSync Events, keeps an exact account of its deliveries, and
// makes things go wrong on request.
//
// It serves on one port
//
//	/{stage}                    API Gateway's WebSocket API with the blog's chat application
//	/{stage}/@connections/{id}  its management API: POST, GET, DELETE
//	/graphql                    AppSync's GraphQL API, and with an upgrade its real-time endpoint
//	/graphql/realtime           the real-time endpoint as on a custom domain
//	/event                      AppSync Events: POST to publish
//	/event/realtime             its real-time endpoint
//	/stats                      GET what was delivered, DELETE to count from zero
//	/token                      GET a JSON Web Token, if the gateway is an issuer
//	/faults                     GET the faults, POST to change some, DELETE to remove all
//
// It shares no protocol code with the clients it serves, so that two readings of
// the protocols check each other.
package gateway

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/apigw"
	"github.com/pushgw/xk6-pushgw/gateway/appsync"
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/chat"
	"github.com/pushgw/xk6-pushgw/gateway/events"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/routes"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// APIKey is the default AppSync API key.
const APIKey = "da2-localpushgatewayapikey0001"

// Stage is the default stage of API Gateway.
const Stage = "dev"

// Config is a gateway's configuration. The zero value is AWS's behaviour with the
// blog's application.
type Config struct {
	// APIKey is AppSync's; the constant APIKey if empty. If it isn't, API Gateway lets in who
	// has it, and then only those who have it or one of the below.
	APIKey string

	// With one of these API Gateway lets in only who has it; AppSync lets in who has it too.
	Token string     // for a Lambda authorizer
	Keys  sigv4.Keys // for IAM

	// Issuer is the URL that the gateway's own JSON Web Tokens name as their issuer; empty if
	// it makes none. Who has one is let in as with the above.
	Issuer string

	Stage       string // API Gateway's; "dev" if empty
	Concurrent  bool   // a connection's messages are handled at the same time, as on AWS
	Compression bool   // permessage-deflate is negotiated on API Gateway, as on AWS

	Routes routes.Routes // API Gateway's application; the chat if nil

	Fanout   int           // posts of a chat broadcast that run at the same time; 1 if 0
	PostTime time.Duration // added to the time that each of these posts takes

	Namespaces  []string // of AppSync Events' channels; "default" alone if there is none
	PublishRate float64  // requests to publish a second over one connection to AppSync Events; 25 if 0

	KeepAlive    time.Duration // from one ka to the next; 60 s if 0
	IdleTimeout  time.Duration // of API Gateway connections; 10 minutes if 0
	Lifetime     time.Duration // of API Gateway connections; 2 hours if 0
	WriteTimeout time.Duration // after which a client that takes nothing is cut; 30 s if 0

	// AppSync's schema, from LoadSchema; the blog's if nil.
	Schema *graphql.Schema
	// AckDelay is from an AppSync connection_init to its connection_ack; what comes meanwhile
	// is ignored. 0 is none.
	AckDelay time.Duration
	// AppSyncRate is how many GraphQL requests there may be in a second, and how many starts;
	// 0 is unlimited.
	AppSyncRate int
	// SingleErrors makes errors of exceeded limits have an object in place of the list, as some
	// have on AWS.
	SingleErrors bool

	// Refused is told why API Gateway doesn't let connections in, once for each cause; nil for
	// nobody. The client isn't told.
	Refused func(why string)

	Faults fault.Settings // those that hold at first
}

// Gateway is a running gateway. It must be closed.
type Gateway struct {
	faults  *fault.Faults
	apigw   *apigw.Gateway
	appsync *appsync.Gateway
	events  *events.Gateway
	chat    *chat.App
	rooms   *chat.Memory
	mux     *http.ServeMux
	closing sync.Once
}

// The limits of API Gateway's connections (apigateway-execution-service-websocket-limits-table).
const (
	IdleTimeout = 10 * time.Minute
	Lifetime    = 2 * time.Hour
)

const (
	keepAlive          = time.Minute
	appsyncLifetime    = 24 * time.Hour
	integrationTimeout = 29 * time.Second
	writeTimeout       = 30 * time.Second
	namespace          = "default"
	publishRate        = 25
)

// New starts a gateway.
func New(c Config) *Gateway {
	write := cmp.Or(c.WriteTimeout, writeTimeout)
	access := auth.Policy{APIKey: cmp.Or(c.APIKey, APIKey), Token: c.Token, Keys: c.Keys}
	if c.Issuer != "" {
		access.Issuer = auth.NewIssuer(c.Issuer)
	}
	if len(c.Namespaces) == 0 {
		c.Namespaces = []string{namespace}
	}
	atAPIGateway := access
	atAPIGateway.APIKey = c.APIKey
	g := &Gateway{faults: fault.New(c.Faults), rooms: chat.NewMemory(), mux: http.NewServeMux()}
	g.apigw = apigw.New(apigw.Config{
		Stage: cmp.Or(c.Stage, Stage), Concurrent: c.Concurrent, Compression: c.Compression,
		Idle: cmp.Or(c.IdleTimeout, IdleTimeout), Lifetime: cmp.Or(c.Lifetime, Lifetime),
		Write: write, IntegrationTimeout: integrationTimeout, Access: atAPIGateway,
		Refused: c.Refused,
	}, g.faults)
	g.appsync = appsync.New(appsync.Config{
		Access: access, KeepAlive: cmp.Or(c.KeepAlive, keepAlive),
		Lifetime: appsyncLifetime, Write: write,
		Schema: c.Schema, AckDelay: c.AckDelay, Rate: c.AppSyncRate, SingleErrors: c.SingleErrors,
	}, g.faults)
	g.events = events.New(events.Config{
		Access: access, Namespaces: c.Namespaces, PublishRate: cmp.Or(c.PublishRate, publishRate),
		KeepAlive: cmp.Or(c.KeepAlive, keepAlive), Lifetime: appsyncLifetime, Write: write,
		AckDelay: c.AckDelay,
	}, g.faults)
	g.chat = chat.New(g.apigw, g.rooms, chat.Config{Fanout: c.Fanout, PostTime: c.PostTime})
	g.apigw.Deploy(g.chat)
	if c.Routes != nil {
		g.apigw.Deploy(routes.New(g.apigw, g.rooms, g.chat, c.Routes))
	}

	g.mux.Handle("/", g.apigw)
	g.mux.Handle("/graphql", forBrowsers(g.appsync))
	g.mux.Handle("/graphql/realtime", g.appsync)
	g.mux.Handle("/event", forBrowsers(g.events))
	g.mux.Handle("/event/realtime", g.events)
	g.mux.HandleFunc("GET /stats", g.getStats)
	g.mux.HandleFunc("DELETE /stats", g.deleteStats)
	if access.Issuer != nil {
		g.mux.HandleFunc("GET /token", tokenOf(access.Issuer))
	}
	g.mux.HandleFunc("GET /faults", g.getFaults)
	g.mux.HandleFunc("POST /faults", g.postFaults)
	g.mux.HandleFunc("DELETE /faults", g.deleteFaults)
	return g
}

// Handler serves the gateways, /stats and /faults.
func (g *Gateway) Handler() http.Handler { return g.mux }

// SlowTLS is for tls.Config.GetConfigForClient. It delays each handshake for as
// long as the faults demand, and leaves the configuration as it is.
func (g *Gateway) SlowTLS(*tls.ClientHelloInfo) (*tls.Config, error) {
	time.Sleep(g.faults.SlowTLS())
	return nil, nil // which means to keep the configuration
}

// Close closes all connections with 1001 "Going away" and waits until
// everything has ended.
func (g *Gateway) Close() {
	g.closing.Do(func() {
		g.chat.Stop()
		g.faults.Close()
		g.apigw.Close()
		g.events.Close()
		g.appsync.Close()
	})
}
