package pushgw

import (
	"context"
	"net/url"
	"slices"
	"sync"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// appSync is a GraphQL API of AppSync, with its subscriptions over WebSocket and
// its mutations over HTTPS. It implements backend.
type appSync struct {
	graphql  *url.URL
	realtime *url.URL
	auth     *credentials.AppSync
	// subscriptions are what listeners subscribe to, empty where the client has none, and hears
	// their ids and audiences.
	subscriptions []*operation
	hears         []heard
	// mutation is the text of what publishes a broadcast, with the place for the stamp in it;
	// empty where the client has none.
	mutation string
	// connection and starts authorize a connection and the start frames of its
	// handshake's subscriptions, where these are the same for all connections but for the
	// credentials.
	connection func(context.Context, *credentials.AppSync) (*credentials.Upgrade, error)
	starts     func(context.Context, *credentials.AppSync) ([][]byte, error)
	variesURL  bool // connections have URLs of their own
}

// newAppSyncClient is the constructor of appsync.Client.
func (m *module) newAppSyncClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new appsync.Client()"
	u, err := gatewayURL(args.Argument(0), where, "https", "http")
	if err != nil {
		m.throw(err)
	}
	o := readOptions(args.Argument(1), where)
	c, g := m.readAppSync(u, o)
	c.check(o)
	return c.define(args.This, appSyncMethods, func(string) any {
		return func(value sobek.Value) *sobek.Promise { return c.graphQL(g, value) }
	})
}

// appSyncMethods are the methods of all clients, and graphql().
var appSyncMethods = append(clientMethods[:len(clientMethods):len(clientMethods)], "graphql")

// readAppSync reads the options of a client. They say what is wrong with them.
func (m *module) readAppSync(u *url.URL, o *options) (*client, *appSync) {
	vs := newVaryings(indexPlaceholder)
	o.checkURL(u)
	g := &appSync{graphql: u}
	g.readSubscriptions(o, vs)
	g.mutation = readMutation(o)
	host := credentials.WithoutDefaultPort(o.str("host", u.Host), u.Scheme)
	g.auth = &credentials.AppSync{
		Credentials: readCredentials(o, credentials.ServiceAppSync, host), URL: u, ConnectPath: "connect", Host: host,
		Subprotocol: appsync.Subprotocol, Form: readForm(o),
	}
	realtime, err := realtimeURL(u, o, appsync.RealtimeURL)
	if err != nil {
		o.fail("realtimeUrl", "%v", err)
		realtime = u
	}
	o.checkURL(realtime, vs.placeholders...)
	c := &client{module: m, backend: g}
	c.settings, g.realtime = readSettings(o, vs, realtime, 0)
	g.variesURL = c.settings.upgrade.variesURL()
	if g.auth.Credentials != nil { // else the options say what is wrong
		g.connection = perConnection(g.auth, g.authorizeConnection)
		g.starts = perConnection(g.auth, g.authorizeStarts)
	}
	return c, g
}

// readForm reads how connections carry their credentials.
func readForm(o *options) credentials.Form {
	return credentials.Form(o.oneOf("credentials",
		string(credentials.FormSubprotocol), string(credentials.FormQuery), string(credentials.FormHeaders)))
}

// perConnection returns authorize where credentials differ from one connection to the next.
// Where they are constant it has authorize called once, so that all connections share what
// it returns.
func perConnection[T any](
	auth *credentials.AppSync, authorize func(context.Context, *credentials.AppSync) (T, error),
) func(context.Context, *credentials.AppSync) (T, error) {
	if !auth.Constant() {
		return authorize
	}
	once := sync.OnceValues(func() (T, error) { return authorize(context.Background(), auth) })
	return func(context.Context, *credentials.AppSync) (T, error) { return once() }
}

func (g *appSync) authorizeConnection(ctx context.Context, auth *credentials.AppSync) (*credentials.Upgrade, error) {
	return auth.Connection(ctx, g.realtime)
}

// authorizeStarts is startFrames of subscriptions that are constant.
func (g *appSync) authorizeStarts(ctx context.Context, auth *credentials.AppSync) ([][]byte, error) {
	return g.startFrames(ctx, &values{auth: auth})
}

// startFrames returns the frames that start one connection's subscriptions.
func (g *appSync) startFrames(ctx context.Context, own *values) ([][]byte, error) {
	frames := make([][]byte, len(g.subscriptions))
	for i, subscription := range g.subscriptions {
		data, err := subscription.data(own)
		if err != nil {
			return nil, err
		}
		authorization, err := own.auth.Frame(ctx, data)
		if err != nil {
			return nil, err
		}
		frames[i] = appsync.StartFrame(appsync.StartID(i), data, authorization)
	}
	return frames, nil
}

// realtimeURL is derived from the API's URL, unless the script knows better.
func realtimeURL(api *url.URL, o *options, derive func(*url.URL) (*url.URL, error)) (*url.URL, error) {
	if _, ok := o.raw("realtimeUrl"); !ok {
		return derive(api)
	}
	return parseURL(o.str("realtimeUrl", ""), []string{"wss", "ws"}) // o keeps the first error
}

func (g *appSync) tag() string { return "appsync" }

func (g *appSync) webSocketURL() *url.URL { return g.realtime }

func (g *appSync) readIdentity(*options) identity { return identity{role: telemetry.RoleHost} }

// identify implements backend: nobody has a name here.
func (g *appSync) identify(*values) error { return nil }

func (g *appSync) endpoint() string { return "appsync " + endpointName(g.graphql) }

// heard implements backend.
func (g *appSync) heard() []heard { return g.hears }

// host implements backend.
func (g *appSync) host(string) identity { return identity{role: telemetry.RoleHost} }

// checkListen implements backend.
func (g *appSync) checkListen() error {
	if len(g.subscriptions) == 0 {
		return scriptErrorf(nameUsageError, "listen() needs the client's option \"subscription\" or \"subscriptions\"")
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

// needsEar implements backend: mutations go over HTTP.
func (g *appSync) needsEar() bool { return true }

// prepare implements backend. Listeners subscribe as they shake hands; hosts do when the
// script says so.
func (g *appSync) prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error) {
	var err error
	if own.auth, err = g.auth.ForConnection(ctx, own.index); err != nil {
		return listen.Prepared{}, err
	}
	upgrade, err := g.authorize(ctx, own.auth, target.URL)
	if err != nil {
		return listen.Prepared{}, err
	}
	target.URL, target.Header = upgrade.URL, upgrade.Header(target.Header)
	target.Subprotocols = slices.Concat(upgrade.Subprotocols, target.Subprotocols)
	if own.role == telemetry.RoleHost && !own.hears {
		return listen.Prepared{Target: target, Session: appsync.New(nil)}, nil
	}
	starts, err := g.startsOf(ctx, own)
	return listen.Prepared{Target: target, Session: appsync.New(starts)}, err
}

// authorize authorizes the upgrade of one connection.
func (g *appSync) authorize(ctx context.Context, auth *credentials.AppSync, realtime *url.URL) (*credentials.Upgrade, error) {
	if g.variesURL {
		return auth.Connection(ctx, realtime)
	}
	return g.connection(ctx, auth)
}

// startsOf returns the frames that start one connection's subscriptions, shared by all
// connections where they can be.
func (g *appSync) startsOf(ctx context.Context, own *values) ([][]byte, error) {
	if slices.ContainsFunc(g.subscriptions, func(op *operation) bool { return !op.constant() }) {
		return g.startFrames(ctx, own)
	}
	return g.starts(ctx, own.auth)
}

// readBroadcast implements backend: a broadcast is the client's mutation.
func (g *appSync) readBroadcast(*options) *message { return &message{text: g.mutation} }

// broadcaster implements backend.
func (g *appSync) broadcaster(_ context.Context, c *call, _ *message, audience string) (broadcaster, error) {
	b := &mutationBroadcaster{backend: g, call: c}
	return b, b.address(audience)
}

// extend implements backend.
func (g *appSync) extend(s *connection) {
	s.set("subscribe", func(value sobek.Value) *sobek.Promise { return s.subscribe(g, value) })
}
