package pushgw

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// appSync is a GraphQL API of AppSync, with its subscriptions over WebSocket and
// its mutations over HTTPS. It implements backend.
type appSync struct {
	graphql  *url.URL
	realtime *url.URL
	auth     *credentials.AppSync
	// subscription and mutation are the texts of the operations, empty where the
	// client has none. The mutation's has the place for the stamp in it.
	subscription, mutation string
	// connection and start authorize a connection and the start frame of its
	// handshake's subscription.
	connection func(context.Context) (*credentials.Upgrade, error)
	start      func(context.Context) ([]byte, error)
}

// newAppSyncClient is the constructor of appsync.Client.
func (m *module) newAppSyncClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new appsync.Client()"
	u, err := gatewayURL(args.Argument(0), where, "https", "http")
	if err != nil {
		m.throw(err)
	}
	o := readOptions(args.Argument(1), where)
	g := readAppSync(u, o)
	c := &client{module: m, backend: g, settings: readSettings(o, 0)}
	c.check(o)
	return c.define(args.This, appSyncMethods, func(string) any {
		return func(value sobek.Value) *sobek.Promise { return c.graphQL(g, value) }
	})
}

// appSyncMethods are the methods of all clients, and graphql().
var appSyncMethods = append(clientMethods[:len(clientMethods):len(clientMethods)], "graphql")

func readAppSync(u *url.URL, o *options) *appSync {
	g := &appSync{graphql: u, subscription: readOperation(o, "subscription"), mutation: readOperation(o, "mutation")}
	if g.mutation != "" && !strings.Contains(g.mutation, stamp.Placeholder) {
		o.fail("mutation", "must contain %s, in its query or its variables", stamp.Placeholder)
	}
	host := credentials.WithoutDefaultPort(o.str("host", u.Host), u.Scheme)
	g.auth = &credentials.AppSync{
		Credentials: readCredentials(o, credentials.ServiceAppSync, host), URL: u, ConnectPath: "connect", Host: host,
		Subprotocol: appsync.Subprotocol, Form: readForm(o),
	}
	var err error
	if g.realtime, err = realtimeURL(u, o, appsync.RealtimeURL); err != nil {
		o.fail("realtimeUrl", "%v", err)
	}
	if g.auth.Credentials == nil {
		return g // the options say what is wrong
	}
	g.connection = perConnection(g.auth, g.authorizeConnection)
	g.start = perConnection(g.auth, g.authorizeStart)
	return g
}

// readForm reads how connections carry their credentials.
func readForm(o *options) credentials.Form {
	return credentials.Form(o.oneOf("credentials",
		string(credentials.FormSubprotocol), string(credentials.FormQuery), string(credentials.FormHeaders)))
}

// perConnection returns authorize where credentials differ from one connection to the next.
// Where they are constant it has authorize called once, so that all connections share what
// it returns.
func perConnection[T any](c credentials.Credentials, authorize func(context.Context) (T, error)) func(context.Context) (T, error) {
	if !c.Constant() {
		return authorize
	}
	once := sync.OnceValues(func() (T, error) { return authorize(context.Background()) })
	return func(context.Context) (T, error) { return once() }
}

func (g *appSync) authorizeConnection(ctx context.Context) (*credentials.Upgrade, error) {
	return g.auth.Connection(ctx, g.realtime)
}

func (g *appSync) authorizeStart(ctx context.Context) ([]byte, error) {
	authorization, err := g.auth.Frame(ctx, g.subscription)
	if err != nil {
		return nil, err
	}
	return appsync.StartFrame(appsync.FirstID, g.subscription, authorization), nil
}

// realtimeURL is derived from the API's URL, unless the script knows better.
func realtimeURL(api *url.URL, o *options, derive func(*url.URL) (*url.URL, error)) (*url.URL, error) {
	if _, ok := o.raw("realtimeUrl"); !ok {
		return derive(api)
	}
	return parseURL(o.str("realtimeUrl", ""), []string{"wss", "ws"}) // o keeps the first error
}

// readOperation reads a GraphQL operation and returns its text, empty if there is none.
func readOperation(o *options, key string) string {
	if _, ok := o.raw(key); !ok {
		return ""
	}
	section := o.section(key)
	operation := section.operation()
	o.merge(section)
	data, err := operation.Data()
	if err != nil {
		o.fail(key, "%v", err)
	}
	return data
}

// operation reads the options as a GraphQL operation.
func (o *options) operation() *appsync.Operation {
	o.require("query", "the text of the GraphQL operation")
	return &appsync.Operation{
		Query: o.str("query", ""), Variables: o.json("variables"), Name: o.str("operationName", ""),
	}
}

func (g *appSync) tag() string { return "appsync" }

func (g *appSync) webSocketURL() *url.URL { return g.realtime }

func (g *appSync) identity(role string) identity { return identity{role: role} }

func (g *appSync) readIdentity(*options) identity { return g.identity(telemetry.RoleHost) }

func (g *appSync) audience(identity) string {
	return "appsync " + endpointName(g.graphql) + " " + g.subscription
}

// checkListen implements backend.
func (g *appSync) checkListen() error {
	if g.subscription == "" {
		return scriptErrorf(nameUsageError, "listen() needs the client's option \"subscription\"")
	}
	return nil
}

// checkPublish implements backend.
func (g *appSync) checkPublish(method string, _ *message) error {
	if g.mutation == "" {
		return scriptErrorf(nameUsageError, "%s needs the client's option \"mutation\"", method)
	}
	return nil
}

// target implements backend.
func (g *appSync) target(ctx context.Context, base wire.Target) (*wire.Target, error) {
	upgrade, err := g.connection(ctx)
	if err != nil {
		return nil, err
	}
	base.URL, base.Subprotocols, base.Header = upgrade.URL, upgrade.Subprotocols, upgrade.Header(base.Header)
	return &base, nil
}

// session implements backend. Listeners subscribe as they shake hands; hosts do when
// the script says so.
func (g *appSync) session(ctx context.Context, who identity) (dialect.Session, error) {
	if who.role == telemetry.RoleHost {
		return appsync.New(nil), nil
	}
	start, err := g.start(ctx)
	return appsync.New(start), err
}

// readBroadcast implements backend: a broadcast is the client's mutation.
func (g *appSync) readBroadcast(*options) *message { return &message{text: g.mutation} }

// broadcaster implements backend.
func (g *appSync) broadcaster(_ context.Context, c *call, _ *message) (publish.Broadcaster, error) {
	return &mutationBroadcaster{backend: g, call: c, body: []byte(g.mutation)}, nil
}

// extend implements backend.
func (g *appSync) extend(s *connection) {
	s.set("subscribe", func(value sobek.Value) *sobek.Promise { return s.subscribe(g, value) })
}
