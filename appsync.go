package pushgw

import (
	"bytes"
	"context"
	"net/url"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// appSync is a GraphQL API of AppSync, with its subscriptions over WebSocket and
// its mutations over HTTPS.
type appSync struct {
	graphql      *url.URL
	realtime     *url.URL
	subprotocols []string
	auth         *credentials.AppSync
	subscription *appsync.Operation // nil: hosts only
	mutation     *appsync.Operation // nil: nothing to broadcast with
	// start is with what listeners subscribe as they shake hands; hosts do when the
	// script says so.
	start []byte
}

// newAppSyncClient is the constructor of appsync.Client.
func (m *module) newAppSyncClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new appsync.Client()"
	u, err := gatewayURL(args.Argument(0), where, "https", "http")
	if err != nil {
		throw(m.vu.Runtime(), err)
	}
	o := readOptions(args.Argument(1), where)
	g := readAppSync(u, o)
	c := &client{module: m, gateway: g, settings: readSettings(o, 0)}
	c.check(o)

	return c.define(args.This, appSyncMethods, func(name string) method {
		switch name {
		case "connect":
			return func(value sobek.Value) *sobek.Promise { return g.connect(c, value) }
		case "broadcast":
			return func(value sobek.Value) *sobek.Promise { return g.broadcast(c, value) }
		default:
			return func(value sobek.Value) *sobek.Promise { return g.query(c, value) }
		}
	})
}

var appSyncMethods = []string{"listen", "ready", "connect", "broadcast", "graphql"} // a constant list

func readAppSync(u *url.URL, o *options) *appSync {
	auth := o.inner("auth")
	auth.require("apiKey", "an API key is what this client can present")
	g := &appSync{
		graphql:      u,
		subscription: readOperation(o, "subscription"),
		mutation:     readOperation(o, "mutation"),
	}
	o.adopt(auth)
	g.auth = &credentials.AppSync{
		Credentials: credentials.APIKey(auth.text("apiKey", "")), URL: u, Host: o.text("host", u.Host),
		Subprotocol: appsync.Subprotocol, InQuery: o.oneOf("credentials", "subprotocol", "query") == "query",
	}
	g.address(o)
	return g
}

// address finds out where and how to connect.
func (g *appSync) address(o *options) {
	var err error
	if g.realtime, err = realtimeURL(g.graphql, o); err != nil {
		o.fail("realtimeUrl", "%v", err)
		return
	}
	ctx := context.Background()
	if g.realtime, g.subprotocols, err = g.auth.Connection(ctx, g.realtime); err != nil || g.subscription == nil {
		return
	}
	data, err := g.subscription.Data()
	if err != nil {
		o.fail("subscription", "%v", err)
		return
	}
	authorization, _ := g.auth.Frame(ctx, data)
	g.start = appsync.StartFrame(appsync.FirstID, data, authorization)
}

// realtimeURL is derived from the GraphQL URL, unless the script knows better.
func realtimeURL(graphql *url.URL, o *options) (*url.URL, error) {
	value, ok := o.raw("realtimeUrl")
	if !ok {
		return appsync.RealtimeURL(graphql)
	}
	return gatewayURL(value, o.path("realtimeUrl"), "wss", "ws")
}

// readOperation reads a GraphQL operation, if there is one.
func readOperation(o *options, key string) *appsync.Operation {
	if _, ok := o.raw(key); !ok {
		return nil
	}
	inner := o.inner(key)
	operation := inner.operation()
	o.adopt(inner)
	return operation
}

// operation reads the options as a GraphQL operation.
func (o *options) operation() *appsync.Operation {
	o.require("query", "the text of the GraphQL operation")
	return &appsync.Operation{
		Query: o.text("query", ""), Variables: o.json("variables"), Name: o.text("operationName", ""),
	}
}

func (g *appSync) tag() string { return "appsync" }

func (g *appSync) audience() string {
	data := ""
	if g.subscription != nil {
		data, _ = g.subscription.Data() // what is wrong with it was said in the constructor
	}
	return "appsync " + g.graphql.Host + g.graphql.Path + " " + data
}

func (g *appSync) endpoint() (*url.URL, []string) { return g.realtime, g.subprotocols }

func (g *appSync) session(role string, _ *lib.State) dialect.Session {
	if role == roleListener {
		return appsync.New(g.start)
	}
	return appsync.New(nil)
}

// listenable implements gateway.
func (g *appSync) listenable() error {
	if g.subscription == nil {
		return scriptErrorf(nameUsageError, "listen() needs the client's option \"subscription\"")
	}
	return nil
}

// broadcast is the JavaScript method: each broadcast is one mutation.
func (g *appSync) broadcast(c *client, value sobek.Value) *sobek.Promise {
	o := readOptions(value, "broadcast()")
	plan := readBroadcastPlan(o)
	c.check(o)
	open, err := g.mutations("broadcast()")
	if err != nil {
		throw(c.vu.Runtime(), err)
	}
	return c.broadcast(plan, open)
}

func (g *appSync) canaries() (publisher, error) { return g.mutations("ready() with canary") }

// mutations publishes by the client's mutation.
func (g *appSync) mutations(method string) (publisher, error) {
	body, err := g.mutationBody(method)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, c *call) (publish, func(), error) {
		send := func(ctx context.Context, s string) error {
			_, err := g.post(ctx, c, bytes.ReplaceAll(body, []byte(stamp.Placeholder), []byte(s)))
			return err
		}
		return send, func() {}, nil
	}, nil
}

// mutationBody is the request with the place for the stamp still in it.
func (g *appSync) mutationBody(method string) ([]byte, error) {
	if g.mutation == nil {
		return nil, scriptErrorf(nameUsageError, "%s needs the client's option \"mutation\"", method)
	}
	data, err := g.mutation.Data()
	if err != nil {
		return nil, scriptErrorf(nameInvalidOption, "mutation: %v", err)
	}
	body := []byte(data)
	if !bytes.Contains(body, []byte(stamp.Placeholder)) {
		return nil, scriptErrorf(nameInvalidOption,
			"%s: the client's mutation must contain %s, in its query or its variables", method, stamp.Placeholder)
	}
	return body, nil
}

// connect is the JavaScript method: one connection that the script drives.
func (g *appSync) connect(c *client, value sobek.Value) *sobek.Promise {
	c.check(readOptions(value, "connect()"))
	return c.begin("connect()", roleHost).connect(func(s *connection) {
		c.set(s.object, "subscribe", func(value sobek.Value) *sobek.Promise { return g.subscribe(s, value) })
	})
}

// subscribe is the JavaScript method of a connection; without an operation of
// its own it takes the client's. It resolves when the subscription is
// acknowledged.
func (g *appSync) subscribe(s *connection, value sobek.Value) *sobek.Promise {
	operation, err := g.subscriptionOf(value)
	if err != nil {
		throw(s.vu.Runtime(), err)
	}
	return promise(s.vu, func(ctx context.Context) (any, error) {
		var id string
		err := s.request(ctx, func(session dialect.Session) (string, dialect.Event, error) {
			gql, _ := session.(*appsync.Session)
			var frame []byte
			data, err := operation.Data()
			if err != nil {
				return "", dialect.Event{}, err
			}
			authorization, _ := g.auth.Frame(ctx, data)
			id, frame, err = gql.Subscribe(data, authorization)
			return id, dialect.Event{Kind: dialect.Progress, Answer: frame}, err
		})
		if err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value { return g.subscriptionObject(s, id) }), nil
	})
}

func (g *appSync) subscriptionOf(value sobek.Value) (*appsync.Operation, error) {
	if value == nil || sobek.IsUndefined(value) {
		if g.subscription == nil {
			return nil, scriptErrorf(nameUsageError, "subscribe() needs an operation, for the client has none")
		}
		return g.subscription, nil
	}
	o := readOptions(value, "subscribe()")
	return o.operation(), o.finish()
}

// subscriptionObject is what the script gets for a subscription.
func (g *appSync) subscriptionObject(s *connection, id string) sobek.Value {
	object := s.vu.Runtime().NewObject()
	s.set(object, "id", id)
	s.set(object, "unsubscribe", func() *sobek.Promise {
		return promise(s.vu, func(ctx context.Context) (any, error) {
			return nil, s.request(ctx, func(session dialect.Session) (string, dialect.Event, error) {
				gql, _ := session.(*appsync.Session)
				frame := gql.Stop(id)
				if frame == nil {
					return "", dialect.Event{}, scriptErrorf(nameUsageError, "unsubscribe(): there is no such subscription any more")
				}
				return id, dialect.Event{Kind: dialect.Progress, Answer: frame}, nil
			})
		})
	})
	return object
}
