package pushgw

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/events"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// eventAPI is an Event API of AppSync, whose channels are subscribed to over WebSocket and
// published to over HTTPS or over WebSocket. It implements backend.
type eventAPI struct {
	realtimeBackend

	url *url.URL // for publishing
	// channels are those that listeners subscribe to, empty where the client has none. They are
	// the listeners' audiences, unless ownAudience.
	channels    []varying
	ownAudience bool // the script says of which audience listeners are
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
var eventsMethods = slices.Concat(clientMethods, []string{"publish"})

// readEventAPI reads the options of a client. They say what is wrong with them.
func (m *module) readEventAPI(u *url.URL, o *options) (*client, *eventAPI) {
	vs := newVaryings(indexPlaceholder)
	o.checkURL(u)
	g := &eventAPI{url: u}
	g.readChannels(o, vs)
	c := &client{module: m, backend: g}
	g.realtime, c.settings = readRealtimeAPI(u, o, vs, &credentials.AppSync{Subprotocol: events.Subprotocol}, events.RealtimeURL)
	vary := slices.ContainsFunc(g.channels, func(channel varying) bool { return !channel.constant() })
	g.realtime.share(!vary, g.subscribeFrames)
	return c, g
}

// subscribeFrames returns the frames that begin one connection's subscriptions.
func (g *eventAPI) subscribeFrames(ctx context.Context, own *values) ([][]byte, error) {
	frames := make([][]byte, len(g.channels))
	for i := range g.channels {
		channel, err := g.channels[i].of(own)
		if err != nil {
			return nil, &wire.DialError{Phase: wire.PhaseScript, Host: g.realtime.url.Host, Err: err}
		}
		body := credentials.SubscribeBody(channel)
		authorization, err := own.auth.Frame(ctx, body)
		if err != nil {
			return nil, err
		}
		frames[i] = events.SubscribeFrame(realtime.HandshakeID(i), body, authorization)
	}
	return frames, nil
}

func (g *eventAPI) tag() string { return "events" }

func (g *eventAPI) endpoint() string { return "events " + endpointName(g.url) }

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

// checkCanaries implements backend: no canary can be published to a wildcard.
func (g *eventAPI) checkCanaries(m *message, audience string) error {
	if g.ownAudience {
		return nil
	}
	for i := range g.channels {
		channel := &g.channels[i]
		if !channel.constant() || audience != "" && audience != channel.text {
			continue
		}
		if err := checkCanaryChannel(channel.text, m.channel); err != nil {
			return err
		}
	}
	return nil
}

// prepare implements backend.
func (g *eventAPI) prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error) {
	return g.realtime.prepare(ctx, own, target, func(subscribe [][]byte) dialect.Session { return events.New(subscribe) })
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
