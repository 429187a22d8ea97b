package pushgw

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// client is what the clients of all dialects have in common.
type client struct {
	*module
	gateway
	settings
}

// gateway is what a dialect brings.
type gateway interface {
	// tag is the gateway's name in metrics.
	tag() string
	// audience names those who are meant to hear the client's broadcasts.
	audience() string
	// listenable says why the client can't listen, if it can't.
	listenable() error
	// canaries sends what is like a broadcast but isn't one; the error says why the
	// client can't.
	canaries() (publisher, error)
	// endpoint is where WebSockets go, and which subprotocols they offer.
	endpoint() (*url.URL, []string)
	// session makes a connection's side of the dialect.
	session(role string, state *lib.State) dialect.Session
}

// publish sends one broadcast with this stamp in it.
type publish func(ctx context.Context, stamp string) error

// settings are the options that all clients have.
type settings struct {
	timeout    time.Duration
	ping       time.Duration
	timestamps wire.Timestamps
	header     http.Header
	pattern    *stamp.Pattern // nil: only our own stamps
	rate       float64        // connections a second, of the whole test; zero for any
}

const (
	defaultTimeout = 30 * time.Second

	roleListener = "listener"
	roleHost     = "host"
)

func readSettings(o *options, ping time.Duration) settings {
	s := settings{
		timeout: o.duration("timeout", defaultTimeout),
		ping:    o.duration("ping", ping),
		header:  make(http.Header),
		rate:    o.number("connectRate", 0, 0),
	}
	if s.timeout == 0 {
		o.fail("timeout", "must be more than zero")
	}
	if o.oneOf("timestamps", "kernel", "read") == "read" {
		s.timestamps = wire.ReadTime
	}
	for name, value := range o.texts("headers") {
		s.header.Set(name, value)
	}
	if expression := o.text("stampPattern", ""); expression != "" {
		var err error
		if s.pattern, err = stamp.NewPattern(expression); err != nil {
			o.fail("stampPattern", "%v", err)
		}
	}
	return s
}

// gatewayURL reads a client's first argument.
func gatewayURL(value sobek.Value, where string, schemes ...string) (*url.URL, error) {
	want := strings.Join(schemes, ":// or ") + "://"
	text, ok := value.Export().(string)
	if !ok {
		return nil, scriptErrorf(nameInvalidOption, "%s: the first argument must be the gateway's URL (%s…), not %s",
			where, want, kind(value.Export()))
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, scriptErrorf(nameInvalidOption, "%s: %q is not a URL", where, redacted(text))
	case !slices.Contains(schemes, u.Scheme):
		return nil, scriptErrorf(nameInvalidOption, "%s: the URL %q must begin with %s", where, redacted(text), want)
	case u.Host == "":
		return nil, scriptErrorf(nameInvalidOption, "%s: the URL %q names no host", where, redacted(text))
	}
	return u, nil
}

// redacted is a URL as far as it may be shown: a query may hold credentials.
func redacted(u string) string {
	before, _, _ := strings.Cut(u, "?")
	return before
}

// call is one call of a client's method, from the event loop until it settles.
type call struct {
	*client
	state    *lib.State
	recorder *recorder
}

// begin is called on the event loop, in VU code only.
func (c *client) begin(method, role string) *call {
	state := c.vu.State()
	if state == nil {
		throw(c.vu.Runtime(), scriptErrorf(nameUsageError,
			"%s can't be called in the init context: a connection needs a running VU", method))
	}
	return &call{
		client: c, state: state,
		recorder: newRecorder(state, c.module, c.tag(), role),
	}
}

// keep has samples pushed, and f done, at every tick until the returned function
// is called. That has to be before the call's promise is settled.
func (c *call) keep(f func(now time.Time)) (end func()) {
	remove := c.keeper.add(func(now time.Time) {
		c.recorder.flush()
		if f != nil {
			f(now)
		}
	})
	return func() {
		remove()
		c.recorder.finish()
	}
}

// config is that of the call's connections.
func (c *call) config(role string) listen.Config {
	where, subprotocols := c.endpoint()
	header := c.header.Clone()
	if header.Get("User-Agent") == "" && c.state.Options.UserAgent.Valid {
		header.Set("User-Agent", c.state.Options.UserAgent.String)
	}
	target := &wire.Target{
		URL: where, Header: header, Subprotocols: subprotocols,
		DialContext: c.state.Dialer.DialContext, Timestamps: c.timestamps,
	}
	if where.Scheme == "wss" {
		target.TLS = wire.TLSConfig(c.state.TLSConfig, where.Hostname())
	}
	return listen.Config{
		Host: where.Host,
		Prepare: func(context.Context) (*wire.Target, dialect.Session, error) {
			return target, c.session(role, c.state), nil
		},
		Ledger:   c.ledger,
		Pattern:  c.pattern,
		Limiter:     c.pace(where.Host, c.rate*share(&c.state.Options)),
		Timeout:  c.timeout,
		Ping:     c.ping,
		Observer: c.recorder,
	}
}

// share is this process's part of the test, from 0 to 1.
func share(o *lib.Options) float64 {
	if o.ExecutionSegment == nil {
		return 1
	}
	return o.ExecutionSegment.FloatLength()
}

func (c *client) listeners() *ledger.Audience { return c.ledger.Audience(c.audience()) }

// check throws what is wrong with a call's options.
func (c *client) check(o *options) {
	if err := o.finish(); err != nil {
		throw(c.vu.Runtime(), err)
	}
}

// method is one of a client's JavaScript methods.
type method func(value sobek.Value) *sobek.Promise

// define gives the client's JavaScript object the methods of those names. All
// clients have listen and ready; own makes what the dialect adds.
func (c *client) define(object *sobek.Object, names []string, own func(name string) method) *sobek.Object {
	return inherit(object, newLazy(c.vu.Runtime(), names, func(name string) any {
		switch name {
		case "listen":
			return method(c.listen)
		case "ready":
			return method(c.ready)
		default:
			return own(name)
		}
	}))
}
