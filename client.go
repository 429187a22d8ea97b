package pushgw

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// client is the JavaScript class Client of every dialect. Its methods are in files of
// their own: client_listen.go, client_ready.go, client_connect.go, client_broadcast.go.
type client struct {
	module   *module
	backend  backend
	settings settings
	relisten relisten
}

// backend is what a dialect brings to a client.
type backend interface {
	// tag is the gateway's name in metrics.
	tag() string
	// webSocketURL is where WebSockets go, before any credentials are added to it.
	webSocketURL() *url.URL
	// endpoint names the gateway whose listeners the client's audiences are of.
	endpoint() string
	// heard returns what a listener hears by.
	heard() []heard
	// checkListen returns why the client can't listen, if it can't.
	checkListen() error
	// checkPublish returns why the client can't broadcast, if it can't. The method is
	// the one that is about to, for the message.
	checkPublish(method string, m *message) error
	// checkCanaries returns why a barrier can't send canaries to the audience with this key, or to all of
	// the client's where it is empty, if it can't.
	checkCanaries(m *message, audience string) error
	// identify completes as whom a connection shakes hands, once the script's functions have
	// been asked.
	identify(own *values) error
	// prepare adds the client's credentials to what one connection carries, and makes its
	// side of the dialect.
	prepare(ctx context.Context, own *values, target *wire.Target) (listen.Prepared, error)
	// readBroadcast reads the dialect's own options of broadcast(), and of a barrier's canaries.
	readBroadcast(o *options) *message
	// host is as whom a connection shakes hands that broadcast() opens to send to the
	// audience with this key.
	host(audience string) identity
	// broadcaster opens what sends messages to the audience with this key.
	broadcaster(ctx context.Context, c *call, m *message, audience string) (broadcaster, error)
	// needsEar reports whether the broadcaster's own connection, if it has any, doesn't hear
	// what is broadcast.
	needsEar() bool
	// readIdentity reads in the options of connect() as whom a connection shakes hands.
	readIdentity(o *options) identity
	// extend gives a connection's JavaScript object what the dialect adds to it.
	extend(conn *connection)
}

// heard is one of the subscriptions, or the like, by which a listener hears broadcasts.
type heard struct {
	// request is the dialect's name of it, which its messages have; it may be empty if a
	// listener has only one.
	request string
	// audience is the key of its audience.
	audience varying
}

// message is what is broadcast, and how.
type message struct {
	text string // with the places for the stamp and the audience in it
	// audience is the key of whom it is for where the dialect's options say so; else empty.
	audience string
	// batch is how many are sent in one request, and inFlight how many requests may await
	// their answers at a time; zero for one.
	batch, inFlight int
	given           bool // the text is the script's own

	// Of AppSync Events:
	channel string // empty for the one that the audience is named after
	// byAudience: what is for an audience that doesn't hear that channel goes to the one that the
	// audience is named after.
	byAudience bool
	overSocket bool
}

// identity is as whom a connection shakes hands.
type identity struct {
	role string // telemetry.RoleListener or telemetry.RoleHost
	vu   uint64 // the VU's number in the whole test
	// index is a listener's number among those of its endpoint in the whole test, from zero, and
	// the same when its VU calls listen() again with as many connections; see
	// process.ordinal. That of a host is zero unless connect() says another.
	index int64
	// nickname and room are for API Gateway's applications. The nickname is empty, and inRoom
	// false, where the client's own are to be taken.
	nickname, room string
	inRoom         bool
	// hears: a host that hears what listeners hear.
	hears bool
}

// settings are the options that all clients have.
type settings struct {
	timeout    time.Duration
	ping       time.Duration
	timestamps wire.Timestamps
	maxMessage int64       // bytes
	frameSize  int         // bytes; zero for wire's own
	header     http.Header // those that are constant
	upgrade    upgradeOptions
	varyings   *varyings
	pattern    *stamp.Pattern // nil: only our own stamps
	rate       float64        // connections a second, of the whole test; zero for any
}

const defaultTimeout = 30 * time.Second

// defaultMaxMessage is above the longest message of either gateway: 128 KB of API
// Gateway's, 240 KB of AppSync's (their quotas).
const defaultMaxMessage = 1 << 20

// maxFrameSize bounds the buffers that frames are written from.
const maxFrameSize = 1 << 20

// readSettings reads the options of a client whose WebSockets go to u, and returns also that
// URL with what is constant of the option query.
func readSettings(o *options, vs *varyings, u *url.URL, ping time.Duration) (settings, *url.URL) {
	s := settings{
		varyings:   vs,
		timeout:    o.duration("timeout", defaultTimeout),
		ping:       o.duration("ping", ping),
		maxMessage: int64(o.integer("maxMessageSize", defaultMaxMessage, 1)),
		frameSize:  o.integer("frameSize", 0, 1),
		rate:       o.perSecond("connectRate"),
	}
	if s.frameSize > maxFrameSize {
		o.fail("frameSize", "must not be more than %d", maxFrameSize)
	}
	if s.timeout == 0 {
		o.fail("timeout", "must be more than zero")
	}
	if o.oneOf("timestamps", "kernel", "read") == "read" {
		s.timestamps = wire.ReadTime
	}
	s.upgrade, u, s.header = readUpgradeOptions(o, vs, u)
	if expression := o.str("stampPattern", ""); expression != "" {
		var err error
		if s.pattern, err = stamp.NewPattern(expression); err != nil {
			o.fail("stampPattern", "%v", err)
		}
	}
	return s, u
}

// check throws what is wrong with a call's options.
func (c *client) check(o *options) {
	if err := o.done(); err != nil {
		c.module.throw(err)
	}
}

// clientMethods are the names of the methods that the clients of all dialects have.
var clientMethods = []string{"listen", "ready", "connect", "broadcast"}

// method is one of a client's JavaScript methods.
type method func(value sobek.Value) *sobek.Promise

// method returns the method of that name, or nil.
func (c *client) method(name string) method {
	switch name {
	case "listen":
		return c.listen
	case "ready":
		return c.ready
	case "connect":
		return c.connect
	case "broadcast":
		return c.broadcast
	default:
		return nil
	}
}

// define gives the client's JavaScript object the methods of these names: those of all
// clients, and of others those that own returns.
func (c *client) define(object *sobek.Object, names []string, own func(name string) any) *sobek.Object {
	return inherit(object, newLazy(c.module.vu.Runtime(), names, func(name string) any {
		if common := c.method(name); common != nil {
			return common
		}
		return own(name)
	}))
}

// share is this process's part of the test, from 0 to 1.
func share(o *lib.Options) float64 {
	if o.ExecutionSegment == nil {
		return 1
	}
	return o.ExecutionSegment.FloatLength()
}
