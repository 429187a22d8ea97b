package pushgw

import (
	"context"
	"net/url"
	"slices"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// appSync is a GraphQL API of AppSync, with its subscriptions over WebSocket and
// its mutations over HTTPS. It implements backend.
type appSync struct {
	realtimeBackend

	graphql *url.URL
	// subscriptions are what listeners subscribe to, empty where the client has none.
	subscriptions []*operation
	// mutation is the text of what publishes a broadcast, with the place for the stamp in it;
	// empty where the client has none.
	mutation string
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
var appSyncMethods = slices.Concat(clientMethods, []string{"graphql"})

// readAppSync reads the options of a client. They say what is wrong with them.
func (m *module) readAppSync(u *url.URL, o *options) (*client, *appSync) {
	vs := newVaryings(indexPlaceholder)
	o.checkURL(u)
	g := &appSync{graphql: u}
	g.readSubscriptions(o, vs)
	g.mutation = readMutation(o)
	c := &client{module: m, backend: g}
	g.realtime, c.settings = readRealtimeAPI(u, o, vs, &credentials.AppSync{
		ConnectPath: "connect", Subprotocol: appsync.Subprotocol,
	}, appsync.RealtimeURL)
	vary := slices.ContainsFunc(g.subscriptions, func(op *operation) bool { return !op.constant() })
	g.realtime.share(!vary, g.startFrames)
	return c, g
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
		frames[i] = appsync.StartFrame(realtime.HandshakeID(i), data, authorization)
	}
	return frames, nil
}

func (g *appSync) tag() string { return "appsync" }

func (g *appSync) endpoint() string { return "appsync " + endpointName(g.graphql) }

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

// checkCanaries implements backend.
func (g *appSync) checkCanaries(*message, string) error { return nil }

// prepare implements backend.
func (g *appSync) prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error) {
	return g.realtime.prepare(ctx, own, target, func(starts [][]byte) dialect.Session { return appsync.New(starts) })
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
