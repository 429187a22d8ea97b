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
	"github.com/pushgw/xk6-pushgw/internal/listen"
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
	nickname, room varying                 // of listeners
	isOther        bool                    // than the chat application, with a handshake of its own
	handshake      []apigw.Step
	audience       *varying  // nil: the room
	hears          []heard   // by what listeners do
	sends          []varying // the texts of the handshake's steps, if any of them varies
	varyings       *varyings
	management     *url.URL // of @connections
	message        *message // in which stamps are sent, unless a call has another
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
	vs := newVaryings(indexPlaceholder)
	g := &apiGateway{nickname: vs.read(o, "nickname", "Listener", nil), nextID: m.process.nextID}
	_, g.isOther = o.raw("handshake")
	g.room = vs.read(o, "room", "Room1", g.checkRoom)
	vs.placeholders = append(vs.placeholders, nicknamePlaceholder, roomPlaceholder)
	o.checkURL(u, vs.placeholders...)
	vs.noteUsed(u.Path)
	vs.noteUsed(u.RawQuery)
	g.varyings = vs
	g.readHeard(o, vs)
	c := &client{module: m, backend: g}
	c.settings, g.url = readSettings(o, vs, u, defaultAPIGatewayPing)
	g.auth = readAPIGatewayAuth(u, o)
	g.handshake = m.readHandshake(o, vs, &g.sends, c.settings.timeout)
	g.management = readManagementURL(u, o)
	g.message = g.readMessage(o, &message{text: stamp.Placeholder})
	c.check(o)
	return c.define(args.This, apiGatewayMethods, func(name string) any { return c.managementMethod(g, name) })
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

// readHandshake reads the steps and registers the counters that they name. Where any of their
// texts varies, sends gets them all.
func (m *module) readHandshake(o *options, vs *varyings, sends *[]varying, timeout time.Duration) []apigw.Step {
	list := o.list("handshake")
	if list == nil {
		return nil
	}
	steps := make([]apigw.Step, 0, len(list))
	varies := false
	texts := make([]varying, 0, len(list))
	for _, s := range list {
		send := vs.read(s, "send", "", nil)
		texts, varies = append(texts, send), varies || !send.constant()
		step := apigw.Step{Send: send.text}
		if send.function > 0 {
			step.Shown = "what its function returned"
		}
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
	if varies {
		*sends = texts
	}
	return steps
}

// checkRoom says what is wrong with a room's name; empty if nothing is. The empty name is
// for joining none.
func (g *apiGateway) checkRoom(room string) string {
	if !g.isOther && !isOneWord(room) {
		return fmt.Sprintf("must be one word, as the chat application takes it, not %q", room)
	}
	return ""
}

func (g *apiGateway) tag() string { return "apigw" }

func (g *apiGateway) webSocketURL() *url.URL { return g.url }

func (g *apiGateway) readIdentity(o *options) identity {
	g.checkUse(o, "nickname", nicknamePlaceholder)
	g.checkUse(o, "room", roomPlaceholder)
	who := identity{role: telemetry.RoleHost, nickname: o.str("nickname", fmt.Sprintf("Host-%d", g.nextID()))}
	if _, who.inRoom = o.raw("room"); who.inRoom {
		who.room = o.str("room", "")
		if reason := g.checkRoom(who.room); reason != "" {
			o.fail("room", "%s", reason)
		}
	}
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

// identify implements backend.
func (g *apiGateway) identify(own *values) (err error) {
	if !own.inRoom {
		own.inRoom = true
		if own.room, err = g.room.of(own); err != nil {
			return err
		}
	}
	switch {
	case own.nickname != "":
	case own.role == telemetry.RoleHost:
		own.nickname = g.numbered("Broadcast", own.vu)
	case g.nickname.constant():
		own.nickname = g.numbered(g.nickname.text, own.vu)
	default:
		own.nickname, err = g.nickname.of(own)
	}
	return err
}

// numbered makes a nickname unique.
func (g *apiGateway) numbered(nickname string, vu uint64) string {
	return fmt.Sprintf("%s-%d-%d", nickname, vu, g.nextID())
}

func (g *apiGateway) endpoint() string { return "apigw " + endpointName(g.url) }

// heard implements backend.
func (g *apiGateway) heard() []heard { return g.hears }

// readHeard reads of which audience listeners are. Where the script doesn't say, that is the
// room.
func (g *apiGateway) readHeard(o *options, vs *varyings) {
	switch audience, given := readAudience(o, vs); {
	case given:
		g.audience = &audience
		g.hears = []heard{{audience: audience}}
	case g.room.constant():
		g.hears = []heard{{audience: g.room}}
	default:
		g.hears = []heard{{audience: varying{text: roomPlaceholder, filled: true}}}
	}
}

// inRooms reports whether audiences are the rooms of the chat application.
func (g *apiGateway) inRooms() bool { return g.audience == nil && !g.isOther }

// host implements backend.
func (g *apiGateway) host(audience string) identity {
	who := identity{role: telemetry.RoleHost}
	if g.audience == nil {
		who.room, who.inRoom = audience, true
	}
	return who
}

func (g *apiGateway) checkListen() error { return nil }

func (g *apiGateway) checkPublish(string, *message) error { return nil }

// checkCanaries implements backend. What another application than the chat broadcasts, only the
// script can tell.
func (g *apiGateway) checkCanaries(m *message, _ string) error {
	if g.isOther && !m.given {
		return scriptErrorf(nameUsageError, "ready() with canary needs a text that the application broadcasts: "+
			"the option \"message\", the client's or its own, with %s in it", stamp.Placeholder)
	}
	return nil
}

// needsEar implements backend: whoever sends is in the room, too.
func (g *apiGateway) needsEar() bool { return false }

// prepare implements backend.
func (g *apiGateway) prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error) {
	steps, err := g.steps(own)
	if err != nil {
		return listen.Prepared{}, &wire.DialError{Phase: wire.PhaseScript, Host: target.URL.Host, Err: err}
	}
	if g.auth != nil {
		target.URL, target.Header, err = g.auth.Connection(ctx, own.index, target.URL, target.Header)
	}
	return listen.Prepared{Target: target, Session: apigw.New(steps)}, err
}

// steps are those of one connection's handshake.
func (g *apiGateway) steps(own *values) ([]apigw.Step, error) {
	if !g.isOther {
		return apigw.ChatHandshake(own.nickname, own.room), nil
	}
	if g.sends == nil {
		return g.handshake, nil
	}
	steps := slices.Clone(g.handshake)
	for i := range steps {
		var err error
		if steps[i].Send, err = g.sends[i].of(own); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// readBroadcast implements backend: a broadcast is a text message.
func (g *apiGateway) readBroadcast(o *options) *message { return g.readMessage(o, g.message) }

// readMessage reads the text in which a stamp is sent.
func (g *apiGateway) readMessage(o *options, def *message) *message {
	_, given := o.raw("message")
	m := &message{text: o.str("message", def.text), given: given || def.given}
	if !strings.Contains(m.text, stamp.Placeholder) {
		o.fail("message", "must contain %s, by which its listeners know it", stamp.Placeholder)
	}
	checkMessage(o, "message", m.text)
	return m
}

// broadcaster implements backend: it opens a host for as long as the broadcasts take.
func (g *apiGateway) broadcaster(ctx context.Context, c *call, m *message, audience string) (broadcaster, error) {
	host, err := openHost(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	return newTextBroadcaster(c, host, m.text, audience, g.inRooms()), nil
}

// uses reports whether what a connection sends has this placeholder in it.
func (g *apiGateway) uses(placeholder string) bool {
	return !g.isOther || g.varyings.uses(placeholder)
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
	s.set("broadcast", func(value sobek.Value) *sobek.Promise { return s.broadcast(g, value) })
	s.get("connectionId", s.connectionID)
}
