package pushgw

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/listen"
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
	// channels are those that listeners subscribe to, empty where the client has none, and
	// hears their ids and audiences. These are the channels, unless ownAudience.
	channels    []varying
	hears       []heard
	ownAudience bool // the script says of which audience listeners are
	// connection and subscribe authorize a connection and the frames of its handshake's
	// subscriptions, where these are the same for all connections but for the credentials.
	connection func(context.Context, *credentials.AppSync) (*credentials.Upgrade, error)
	subscribe  func(context.Context, *credentials.AppSync) ([][]byte, error)
	variesURL  bool // connections have URLs of their own
}

// newEventsClient is the constructor of events.Client.
func (m *module) newEventsClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new events.Client()"
	u, err := gatewayURL(args.Argument(0), where, "https", "http")
	if err != nil {
		m.throw(err)
	}
	o := readOptions(args.Argument(1), where)
	c, g := m.readEventAPI(u, o)
	c.check(o)
	return c.define(args.This, eventsMethods, func(string) any {
		return func(value, options sobek.Value) *sobek.Promise { return c.publishEvents(g, value, options) }
	})
}

// eventsMethods are the methods of all clients, and publish().
var eventsMethods = append(clientMethods[:len(clientMethods):len(clientMethods)], "publish")

// readEventAPI reads the options of a client. They say what is wrong with them.
func (m *module) readEventAPI(u *url.URL, o *options) (*client, *eventAPI) {
	vs := newVaryings(indexPlaceholder)
	o.checkURL(u)
	g := &eventAPI{url: u}
	g.readChannels(o, vs)
	host := credentials.WithoutDefaultPort(o.str("host", u.Host), u.Scheme)
	g.auth = &credentials.AppSync{
		Credentials: readCredentials(o, credentials.ServiceAppSync, host), URL: u, Host: host,
		Subprotocol: events.Subprotocol, Form: readForm(o),
	}
	realtime, err := realtimeURL(u, o, events.RealtimeURL)
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
		g.subscribe = perConnection(g.auth, g.authorizeSubscribe)
	}
	return c, g
}

func (g *eventAPI) authorizeConnection(ctx context.Context, auth *credentials.AppSync) (*credentials.Upgrade, error) {
	return auth.Connection(ctx, g.realtime)
}

// authorizeSubscribe is subscribeFrames of channels that are constant.
func (g *eventAPI) authorizeSubscribe(ctx context.Context, auth *credentials.AppSync) ([][]byte, error) {
	return g.subscribeFrames(ctx, &values{auth: auth})
}

// subscribeFrames returns the frames that begin one connection's subscriptions.
func (g *eventAPI) subscribeFrames(ctx context.Context, own *values) ([][]byte, error) {
	frames := make([][]byte, len(g.channels))
	for i := range g.channels {
		channel, err := g.channels[i].of(own)
		if err != nil {
			return nil, &wire.DialError{Phase: wire.PhaseScript, Host: g.realtime.Host, Err: err}
		}
		body := credentials.SubscribeBody(channel)
		authorization, err := own.auth.Frame(ctx, body)
		if err != nil {
			return nil, err
		}
		frames[i] = events.SubscribeFrame(events.HandshakeID(i), body, authorization)
	}
	return frames, nil
}

func (g *eventAPI) tag() string { return "events" }

func (g *eventAPI) webSocketURL() *url.URL { return g.realtime }

func (g *eventAPI) readIdentity(*options) identity { return identity{role: telemetry.RoleHost} }

// identify implements backend: nobody has a name here.
func (g *eventAPI) identify(*values) error { return nil }

func (g *eventAPI) endpoint() string { return "events " + endpointName(g.url) }

// heard implements backend.
func (g *eventAPI) heard() []heard { return g.hears }

// host implements backend.
func (g *eventAPI) host(string) identity { return identity{role: telemetry.RoleHost} }

// checkListen implements backend.
func (g *eventAPI) checkListen() error {
	if len(g.channels) == 0 {
		return scriptErrorf(nameUsageError, "listen() needs the client's option \"channel\"")
	}
	return nil
}

// checkPublish implements backend. Without a channel of its own, what is published goes to
// the channel that its audience is named after, if that can be.
func (g *eventAPI) checkPublish(method string, m *message) error {
	switch {
	case m.channel != "":
		return checkConcrete(method, m.channel)
	case len(g.channels) == 0 || g.ownAudience:
		return scriptErrorf(nameUsageError, "%s needs a channel: the option \"channel\", the client's or its own", method)
	default:
		return nil
	}
}

// needsEar implements backend: a connection that publishes isn't subscribed to anything.
func (g *eventAPI) needsEar() bool { return true }

// prepare implements backend. Listeners subscribe as they shake hands; hosts do when the
// script says so.
func (g *eventAPI) prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error) {
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
		return listen.Prepared{Target: target, Session: events.New(nil)}, nil
	}
	subscribe, err := g.subscribeOf(ctx, own)
	return listen.Prepared{Target: target, Session: events.New(subscribe)}, err
}

// authorize authorizes the upgrade of one connection.
func (g *eventAPI) authorize(ctx context.Context, auth *credentials.AppSync, realtime *url.URL) (*credentials.Upgrade, error) {
	if g.variesURL {
		return auth.Connection(ctx, realtime)
	}
	return g.connection(ctx, auth)
}

// subscribeOf returns the frames of one connection's handshake, shared by all connections
// where they can be.
func (g *eventAPI) subscribeOf(ctx context.Context, own *values) ([][]byte, error) {
	if slices.ContainsFunc(g.channels, func(channel varying) bool { return !channel.constant() }) {
		return g.subscribeFrames(ctx, own)
	}
	return g.subscribe(ctx, own.auth)
}

// defaultEvent is what is published where a script doesn't say.
const defaultEvent = `{"stamp":"` + stamp.Placeholder + `"}`

// maxInFlight is how many requests to publish may await their answers on one connection:
// as many as AppSync takes in a second (its quotas).
const maxInFlight = 25

// readBroadcast implements backend: a broadcast is an event.
func (g *eventAPI) readBroadcast(o *options) *message {
	m := &message{text: defaultEvent, channel: g.onlyChannel(), batch: o.integer("batch", 1, 1), inFlight: 1}
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
	checkMessage(o, "event", m.text)
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
func (g *eventAPI) broadcaster(ctx context.Context, c *call, m *message, audience string) (broadcaster, error) {
	b := &eventBroadcaster{backend: g, call: c, message: m}
	if err := b.address(audience); err != nil || !m.overSocket {
		return b, err
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
