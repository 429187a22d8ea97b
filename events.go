package pushgw

import (
	"context"
	"net/url"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// eventAPI is an Event API of AppSync, whose channels are subscribed to over WebSocket and
// published to over HTTPS or over WebSocket. It implements backend.
type eventAPI struct {
	url      *url.URL // for publishing
	realtime *url.URL
	auth     *credentials.AppSync
	channel  string // that listeners subscribe to; empty where the client has none
	// connection and subscribe authorize a connection and the frame of its handshake's
	// subscription.
	connection func(context.Context) (*credentials.Upgrade, error)
	subscribe  func(context.Context) ([][]byte, error)
}

// newEventsClient is the constructor of events.Client.
func (m *module) newEventsClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new events.Client()"
	u, err := gatewayURL(args.Argument(0), where, "https", "http")
	if err != nil {
		m.throw(err)
	}
	o := readOptions(args.Argument(1), where)
	g := readEventAPI(u, o)
	c := &client{module: m, backend: g, settings: readSettings(o, 0)}
	c.check(o)
	return c.define(args.This, eventsMethods, func(string) any {
		return func(value, options sobek.Value) *sobek.Promise { return c.publishEvents(g, value, options) }
	})
}

// eventsMethods are the methods of all clients, and publish().
var eventsMethods = append(clientMethods[:len(clientMethods):len(clientMethods)], "publish")

func readEventAPI(u *url.URL, o *options) *eventAPI {
	g := &eventAPI{url: u, channel: readChannel(o)}
	host := credentials.WithoutDefaultPort(o.str("host", u.Host), u.Scheme)
	g.auth = &credentials.AppSync{
		Credentials: readCredentials(o, credentials.ServiceAppSync, host), URL: u, Host: host,
		Subprotocol: events.Subprotocol, Form: readForm(o),
	}
	var err error
	if g.realtime, err = realtimeURL(u, o, events.RealtimeURL); err != nil {
		o.fail("realtimeUrl", "%v", err)
	}
	if g.auth.Credentials == nil {
		return g // the options say what is wrong
	}
	g.connection = perConnection(g.auth, func(ctx context.Context) (*credentials.Upgrade, error) {
		return g.auth.Connection(ctx, g.realtime)
	})
	g.subscribe = perConnection(g.auth, g.authorizeSubscribe)
	return g
}

// readChannel reads a channel that is subscribed to; empty if there is none.
func readChannel(o *options) string {
	if _, ok := o.raw("channel"); !ok {
		return ""
	}
	channel := o.str("channel", "")
	if err := events.CheckChannel(channel); err != nil {
		o.fail("channel", "%v", err)
	}
	return channel
}

func (g *eventAPI) authorizeSubscribe(ctx context.Context) ([][]byte, error) {
	body := credentials.SubscribeBody(g.channel)
	authorization, err := g.auth.Frame(ctx, body)
	if err != nil {
		return nil, err
	}
	return [][]byte{events.SubscribeFrame(events.HandshakeID(0), body, authorization)}, nil
}

func (g *eventAPI) tag() string { return "events" }

func (g *eventAPI) webSocketURL() *url.URL { return g.realtime }

func (g *eventAPI) identity(role string) identity { return identity{role: role} }

func (g *eventAPI) readIdentity(*options) identity { return g.identity(telemetry.RoleHost) }

// audience implements backend.
func (g *eventAPI) audience(identity) string { return g.audienceOf(g.channel) }

// audienceOf names whoever has subscribed to a channel.
func (g *eventAPI) audienceOf(channel string) string {
	return "events " + endpointName(g.url) + " " + events.CanonicalChannel(channel)
}

// checkListen implements backend.
func (g *eventAPI) checkListen() error {
	if g.channel == "" {
		return scriptErrorf(nameUsageError, "listen() needs the client's option \"channel\"")
	}
	return nil
}

// checkPublish implements backend.
func (g *eventAPI) checkPublish(method string, m *message) error {
	switch {
	case m.channel == "":
		return scriptErrorf(nameUsageError, "%s needs a channel: the option \"channel\", the client's or its own", method)
	case events.IsWildcard(m.channel):
		return scriptErrorf(nameUsageError, "%s can't publish to %q, which a wildcard ends: it needs an option \"channel\" of its own", method, m.channel)
	default:
		return nil
	}
}

// target implements backend.
func (g *eventAPI) target(ctx context.Context, base wire.Target) (*wire.Target, error) {
	upgrade, err := g.connection(ctx)
	if err != nil {
		return nil, err
	}
	base.URL, base.Subprotocols, base.Header = upgrade.URL, upgrade.Subprotocols, upgrade.Header(base.Header)
	return &base, nil
}

// session implements backend. Listeners subscribe as they shake hands; hosts do when the
// script says so.
func (g *eventAPI) session(ctx context.Context, who identity) (dialect.Session, error) {
	if who.role == telemetry.RoleHost {
		return events.New(nil), nil
	}
	subscribe, err := g.subscribe(ctx)
	return events.New(subscribe), err
}

// defaultEvent is what is published where a script doesn't say.
const defaultEvent = `{"stamp":"` + stamp.Placeholder + `"}`

// maxInFlight is how many requests to publish may await their answers on one connection:
// as many as AppSync takes in a second (its quotas).
const maxInFlight = 25

// readBroadcast implements backend: a broadcast is an event.
func (g *eventAPI) readBroadcast(o *options) *message {
	m := &message{text: defaultEvent, channel: g.channel, batch: o.integer("batch", 1, 1), inFlight: 1}
	if m.batch > events.MaxEvents {
		o.fail("batch", "must be from 1 to %d, which is AppSync's limit, not %d", events.MaxEvents, m.batch)
	}
	if value, ok := o.raw("event"); ok {
		var err error
		if m.text, err = jsonText(value); err != nil {
			o.fail("event", "%v", err)
		}
	}
	if !strings.Contains(m.text, stamp.Placeholder) {
		o.fail("event", "must contain %s, by which its listeners know it", stamp.Placeholder)
	}
	if own := readChannel(o); own != "" {
		m.channel, m.audience = own, g.audienceOf(own)
	}
	if o.oneOf("publish", "http", "socket") == "socket" {
		m.overSocket, m.inFlight = true, maxInFlight
	}
	return m
}

// broadcaster implements backend. Over a socket it opens a host for as long as the
// broadcasts take.
func (g *eventAPI) broadcaster(ctx context.Context, c *call, m *message) (publish.Broadcaster, error) {
	b := &eventBroadcaster{backend: g, call: c, message: m}
	if !m.overSocket {
		return b, nil
	}
	host, err := openHost(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	return &eventSocketBroadcaster{eventBroadcaster: b, host: host}, nil
}

// extend implements backend.
func (g *eventAPI) extend(s *connection) {
	s.set("subscribe", func(value sobek.Value) *sobek.Promise { return s.subscribeToChannel(g, value) })
	s.set("publish", func(value, options sobek.Value) *sobek.Promise { return s.publishEvents(g, value, options) })
}
