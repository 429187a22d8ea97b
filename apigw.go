package pushgw

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// apiGateway is an API Gateway WebSocket API with an application behind it: the
// chat application, unless the script says how to shake hands with another. It
// implements backend.
type apiGateway struct {
	url            *url.URL
	auth           *credentials.APIGateway // nil: none
	nickname, room string                  // of listeners
	handshake      []apigw.Step            // nil: the chat application's
	nextID         func() int64
}

// defaultAPIGatewayPing is half of the time after which API Gateway closes an idle
// connection (its quotas: ten minutes).
const defaultAPIGatewayPing = 5 * time.Minute

// newAPIGatewayClient is the constructor of apigw.Client.
func (m *module) newAPIGatewayClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new apigw.Client()"
	u, err := gatewayURL(args.Argument(0), where, "wss", "ws")
	if err != nil {
		m.throw(err)
	}
	o := readOptions(args.Argument(1), where)
	g := &apiGateway{
		url: u, nickname: o.str("nickname", "Listener"), room: o.str("room", "Room1"), nextID: m.process.nextID,
	}
	c := &client{module: m, backend: g, settings: readSettings(o, defaultAPIGatewayPing)}
	g.auth = readAPIGatewayAuth(u, o)
	g.handshake = m.readHandshake(o, c.settings.timeout)
	g.checkRoom(o, g.room)
	c.check(o)
	return c.define(args.This, clientMethods, nil)
}

// readAPIGatewayAuth reads what a connection proves its right with; nil if it is nothing.
func readAPIGatewayAuth(u *url.URL, o *options) *credentials.APIGateway {
	inQuery := o.oneOf("credentials", "headers", "query") == "query"
	parameter := o.str("tokenParameter", "token")
	_, isNamed := o.raw("tokenParameter")
	_, isKey := o.section("auth").raw("apiKey")
	_, isToken := o.section("auth").raw("token")
	if isKey && inQuery {
		o.fail("credentials", "can't be \"query\" for an API key: API Gateway reads it from a header")
	}
	if isNamed && (parameter == "" || !isToken || !inQuery) {
		o.fail("tokenParameter", "must not be empty, and is for a token whose option \"credentials\" is \"query\"")
	}
	if _, ok := o.raw("auth"); !ok {
		return nil
	}
	return &credentials.APIGateway{
		Credentials: readCredentials(o, credentials.ServiceAPIGateway, u.Host), InQuery: inQuery, TokenParameter: parameter,
	}
}

// readHandshake reads the steps and registers the counters that they name.
func (m *module) readHandshake(o *options, timeout time.Duration) []apigw.Step {
	list := o.list("handshake")
	if list == nil {
		return nil
	}
	steps := make([]apigw.Step, 0, len(list))
	for _, s := range list {
		step := apigw.Step{Send: s.str("send", "")}
		readReply(s, &step, timeout)
		step.Counter = s.str("counter", "")
		if step.Counter != "" {
			if err := m.metrics.AddCounter(step.Counter); err != nil {
				s.fail("counter", "can't be a metric: %v", err)
			}
		}
		o.merge(s)
		steps = append(steps, step)
	}
	return steps
}

// checkRoom checks a room's name; the empty one is for joining none.
func (g *apiGateway) checkRoom(o *options, room string) {
	if g.isChat() && !isOneWord(room) {
		o.fail("room", "must be one word, as the chat application takes it, not %q", room)
	}
}

func (g *apiGateway) tag() string { return "apigw" }

func (g *apiGateway) webSocketURL() *url.URL { return g.url }

func (g *apiGateway) identity(role string) identity {
	nickname := g.nickname
	if role == telemetry.RoleHost {
		nickname = "Broadcast"
	}
	return identity{role: role, nickname: nickname, numbered: true, room: g.room}
}

func (g *apiGateway) readIdentity(o *options) identity {
	g.checkUse(o, "nickname", nicknamePlaceholder)
	g.checkUse(o, "room", roomPlaceholder)
	who := identity{
		role:     telemetry.RoleHost,
		nickname: o.str("nickname", fmt.Sprintf("Host-%d", g.nextID())),
		room:     o.str("room", g.room),
	}
	g.checkRoom(o, who.room)
	return who
}

// checkUse fails if an option of one connection is given and nothing that the connection
// sends depends on it.
func (g *apiGateway) checkUse(o *options, key, placeholder string) {
	if _, ok := o.raw(key); ok && !g.uses(placeholder) {
		o.keep(scriptErrorf(nameUsageError, "%s: option %q has no use, because no step of the client's handshake has %s in it",
			o.call, key, placeholder))
	}
}

func (g *apiGateway) audience(who identity) string {
	return fmt.Sprintf("apigw %s %q", endpointName(g.url), who.room)
}

func (g *apiGateway) checkListen() error { return nil }

func (g *apiGateway) checkPublish(string, *message) error { return nil }

// target implements backend.
func (g *apiGateway) target(ctx context.Context, base wire.Target) (*wire.Target, error) {
	if g.auth == nil {
		return &base, nil
	}
	var err error
	base.URL, base.Header, err = g.auth.Connection(ctx, credentials.NoConnection, g.url, base.Header)
	return &base, err
}

// The places in a handshake's texts where a connection's own words go.
const (
	nicknamePlaceholder = "{{nickname}}"
	roomPlaceholder     = "{{room}}"
)

func (g *apiGateway) session(_ context.Context, who identity) (dialect.Session, error) {
	nickname := who.nickname
	if who.numbered {
		nickname = fmt.Sprintf("%s-%d-%d", nickname, who.vu, g.nextID())
	}
	return apigw.New(g.steps(nickname, who.room)), nil
}

func (g *apiGateway) steps(nickname, room string) []apigw.Step {
	if g.handshake == nil {
		return apigw.ChatHandshake(nickname, room)
	}
	fill := strings.NewReplacer(nicknamePlaceholder, nickname, roomPlaceholder, room)
	steps := make([]apigw.Step, len(g.handshake))
	for i, step := range g.handshake {
		step.Send = fill.Replace(step.Send)
		steps[i] = step
	}
	return steps
}

// readBroadcast implements backend: a broadcast is a text message.
func (g *apiGateway) readBroadcast(o *options) *message {
	m := &message{text: o.str("message", stamp.Placeholder)}
	if !strings.Contains(m.text, stamp.Placeholder) {
		o.fail("message", "must contain %s, by which its listeners know it", stamp.Placeholder)
	}
	return m
}

// broadcaster implements backend: it opens a host for as long as the broadcasts take.
func (g *apiGateway) broadcaster(ctx context.Context, c *call, m *message) (publish.Broadcaster, error) {
	host, err := openHost(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	return &textBroadcaster{host: host, message: m.text}, nil
}

// isChat reports whether the application is taken for the chat application.
func (g *apiGateway) isChat() bool { return g.handshake == nil }

// uses reports whether what a connection sends has this placeholder in it.
func (g *apiGateway) uses(placeholder string) bool {
	return g.isChat() || slices.ContainsFunc(g.handshake, func(step apigw.Step) bool { return strings.Contains(step.Send, placeholder) })
}

// extend implements backend with what a connection has: to the chat application, or to
// another of which its handshake tells.
func (g *apiGateway) extend(s *connection) {
	if g.uses(nicknamePlaceholder) {
		s.set("nickname", s.call.who.nickname)
	}
	if g.uses(roomPlaceholder) {
		s.set("room", s.call.who.room)
	}
	s.set("join", s.join)
	s.set("broadcast", s.broadcast)
	s.get("connectionId", s.connectionID)
}
