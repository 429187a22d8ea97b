package pushgw

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// apiGateway is an API Gateway WebSocket API with an application behind it: the
// chat application, if the script doesn't say how to shake hands with another.
type apiGateway struct {
	url            *url.URL
	nickname, room string
	named          bool         // the nickname is used as it is, not numbered
	handshake      []apigw.Step // nil: the chat application's
	number         func() int64 // ever new
}

// defaultAPIGatewayPing is half of the time after which API Gateway closes an idle
// connection (its quotas: ten minutes).
const defaultAPIGatewayPing = 5 * time.Minute

// The places in a handshake's texts where a connection's own words go.
const (
	nicknamePlace = "{{nickname}}"
	roomPlace     = "{{room}}"
)

// newAPIGatewayClient is the constructor of apigw.Client.
func (m *module) newAPIGatewayClient(args sobek.ConstructorCall) *sobek.Object {
	const where = "new apigw.Client()"
	u, err := gatewayURL(args.Argument(0), where, "wss", "ws")
	if err != nil {
		throw(m.vu.Runtime(), err)
	}
	o := readOptions(args.Argument(1), where)
	g := &apiGateway{url: u, nickname: o.text("nickname", "Listener"), room: readRoom(o, "Room1"), number: m.next}
	c := &client{module: m, gateway: g, settings: readSettings(o, defaultAPIGatewayPing)}
	g.handshake = m.readHandshake(o)
	c.check(o)
	return c.define(args.This, apiGatewayMethods, func(name string) method {
		if name == "connect" {
			return func(value sobek.Value) *sobek.Promise { return g.connect(c, value) }
		}
		return func(value sobek.Value) *sobek.Promise { return g.broadcast(c, value) }
	})
}

var apiGatewayMethods = []string{"listen", "ready", "connect", "broadcast"} // a constant list

// broadcast is the JavaScript method of a client: a host of its own sends.
func (g *apiGateway) broadcast(c *client, value sobek.Value) *sobek.Promise {
	plan, message := g.readBroadcast(c, value)
	return c.broadcast(plan, g.publisher(message))
}

// readHandshake reads the steps and registers the counters that they name.
func (m *module) readHandshake(o *options) []apigw.Step {
	list := o.list("handshake")
	if list == nil {
		return nil
	}
	steps := make([]apigw.Step, 0, len(list))
	for _, s := range list {
		step := apigw.Step{Send: s.text("send", ""), Expect: s.text("expect", ""), Counter: s.text("counter", "")}
		if step.Counter != "" {
			if err := m.metrics.addCounter(step.Counter); err != nil {
				s.fail("counter", "can't be a metric: %v", err)
			}
		}
		o.adopt(s)
		steps = append(steps, step)
	}
	return steps
}

func (g *apiGateway) tag() string { return "apigw" }

func (g *apiGateway) audience() string {
	return fmt.Sprintf("apigw %s%s %q", g.url.Host, g.url.Path, g.room)
}

func (g *apiGateway) listenable() error { return nil }

func (g *apiGateway) endpoint() (*url.URL, []string) { return g.url, nil }

func (g *apiGateway) session(role string, state *lib.State) dialect.Session {
	nickname := g.nickname
	if !g.named {
		if role == roleHost {
			nickname = "Broadcast"
		}
		nickname = fmt.Sprintf("%s-%d-%d", nickname, state.VUIDGlobal, g.number())
	}
	return apigw.New(g.steps(nickname, g.room))
}

func (g *apiGateway) steps(nickname, room string) []apigw.Step {
	if g.handshake == nil {
		return apigw.ChatHandshake(nickname, room)
	}
	fill := strings.NewReplacer(nicknamePlace, nickname, roomPlace, room)
	steps := make([]apigw.Step, len(g.handshake))
	for i, step := range g.handshake {
		step.Send = fill.Replace(step.Send)
		steps[i] = step
	}
	return steps
}

// publisher opens a host of its own for as long as the broadcast takes.
func (g *apiGateway) publisher(message string) publisher {
	return func(ctx context.Context, c *call) (publish, func(), error) {
		h, err := openHost(ctx, c, nil)
		if err != nil {
			return nil, nil, err
		}
		return publishText(h, message), h.leave, nil
	}
}

func (g *apiGateway) canaries() (publisher, error) { return g.publisher(stamp.Placeholder), nil }

// publishText sends broadcasts as text messages of one connection.
func publishText(h *host, message string) publish {
	return func(_ context.Context, s string) error {
		return h.say(strings.ReplaceAll(message, stamp.Placeholder, s))
	}
}

// readBroadcast reads how broadcasts are to be sent, and their text.
func (g *apiGateway) readBroadcast(c *client, value sobek.Value) (plan *broadcastPlan, message string) {
	o := readOptions(value, "broadcast()")
	plan, message = readBroadcastPlan(o), o.text("message", stamp.Placeholder)
	if !strings.Contains(message, stamp.Placeholder) {
		o.fail("message", "must contain %s, by which its listeners know it", stamp.Placeholder)
	}
	c.check(o)
	return plan, message
}

// connect is the JavaScript method: one connection that the script drives.
func (g *apiGateway) connect(c *client, value sobek.Value) *sobek.Promise {
	o := readOptions(value, "connect()")
	own := *g
	own.nickname, own.room = o.text("nickname", fmt.Sprintf("Host-%d", g.number())), readRoom(o, g.room)
	own.named = true
	c.check(o)
	hosting := *c
	hosting.gateway = &own
	call := hosting.begin("connect()", roleHost)
	return call.connect(func(s *connection) {
		c.set(s.object, "nickname", own.nickname)
		c.set(s.object, "room", own.room)
		c.set(s.object, "join", func(room string) *sobek.Promise { return own.join(s, room) })
		c.set(s.object, "broadcast", func(value sobek.Value) *sobek.Promise { return own.broadcastFrom(s, value) })
	})
}

// readRoom reads a room's name; the empty one is for joining none.
func readRoom(o *options, otherwise string) string {
	room := o.text("room", otherwise)
	if !oneWord(room) {
		o.fail("room", "must be one word, as the chat application takes it, not %q", room)
	}
	return room
}

func oneWord(text string) bool { return !strings.ContainsFunc(text, unicode.IsSpace) }

// join is the JavaScript method of a connection: it moves to another room.
func (g *apiGateway) join(s *connection, room string) *sobek.Promise {
	step := apigw.ChatHandshake("", room)
	if len(step) < 2 || !oneWord(room) {
		throw(s.vu.Runtime(), scriptErrorf(nameUsageError, "join(): a room's name is one word, not %q", room))
	}
	return promise(s.vu, func(ctx context.Context) (any, error) {
		err := s.request(ctx, func(session dialect.Session) (string, dialect.Event, error) {
			chat, _ := session.(*apigw.Session)
			return step[1].Send, chat.Do(step[1]), nil
		})
		if err != nil {
			return nil, err
		}
		return onLoop(func() sobek.Value {
			g.room = room
			s.set(s.object, "room", room)
			return sobek.Undefined()
		}), nil
	})
}

// broadcastFrom is the JavaScript method broadcast of a connection: its broadcasts
// go to the room that it is in.
func (g *apiGateway) broadcastFrom(s *connection, value sobek.Value) *sobek.Promise {
	plan, message := g.readBroadcast(s.client, value)
	audience := s.listeners()
	return promise(s.vu, func(ctx context.Context) (any, error) {
		return s.publish(ctx, audience, plan, publishText(s.host, message))
	})
}
