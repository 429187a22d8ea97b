package pushgw

import (
	"context"
	"net/http"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// call is one call of a client's method, and for connect() the connection that it opened.
type call struct {
	client   *client
	state    *lib.State
	recorder *telemetry.Recorder
	who      identity // of the connections that the call opens
}

// begin is called on the event loop. It throws in the init context.
func (c *client) begin(method string, who identity) *call {
	state := c.module.vu.State()
	if state == nil {
		c.module.throw(scriptErrorf(nameUsageError,
			"%s can't be called in the init context: a connection needs a running VU", method))
	}
	who.vu = state.VUIDGlobal
	return &call{
		client: c, state: state, who: who,
		recorder: telemetry.NewRecorder(state, &c.module.process.telemetry, c.module.metrics, c.backend.tag(), who.role),
	}
}

// startTicking has samples pushed, and f called if it isn't nil, at every tick until
// stop is called. That has to be before the callback that holds the iteration open is
// answered.
func (c *call) startTicking(f func(now time.Time)) (stop func()) {
	remove := c.client.module.process.ticker.Add(func(now time.Time) {
		c.recorder.Flush()
		if f != nil {
			f(now)
		}
	})
	return func() {
		remove()
		c.recorder.Finish()
	}
}

// promise runs work on a goroutine of its own while samples are pushed at every tick.
func (c *call) promise(work func(ctx context.Context) (any, error)) *sobek.Promise {
	return newPromise(c.client.module.vu, func(ctx context.Context) (any, error) {
		defer c.startTicking(nil)()
		return work(ctx)
	})
}

// audience is that of the call's broadcasts, or the one that its listeners enter.
func (c *call) audience() *ledger.Audience {
	return c.client.module.process.ledger.Audience(c.client.backend.audience(c.who))
}

// audienceOf is that of a message.
func (c *call) audienceOf(m *message) *ledger.Audience {
	if m.audience == "" {
		return c.audience()
	}
	return c.client.module.process.ledger.Audience(m.audience)
}

// config is what the call's connections have in common.
func (c *call) config() listen.Config {
	backend, settings, process := c.client.backend, &c.client.settings, c.client.module.process
	base := c.target()
	return listen.Config{
		Host: base.URL.Host,
		Prepare: func(ctx context.Context) (*wire.Target, dialect.Session, error) {
			target, err := backend.target(ctx, base)
			if err != nil {
				return nil, nil, err
			}
			session, err := backend.session(ctx, c.who)
			return target, session, err
		},
		Ledger:   process.ledger,
		Pattern:  settings.pattern,
		Limiter:  process.hostLimiter(hostName(base.URL), settings.rate*share(&c.state.Options)),
		Timeout:  settings.timeout,
		Ping:     settings.ping,
		Observer: c.recorder,
	}
}

// target is where the call's connections go and how, before credentials are added.
func (c *call) target() wire.Target {
	target := wire.Target{
		URL: c.client.backend.webSocketURL(), Header: c.header(),
		DialContext: c.state.Dialer.DialContext, Timestamps: c.client.settings.timestamps,
		MaxMessage: c.client.settings.maxMessage,
	}
	if target.URL.Scheme == "wss" {
		target.TLS = wire.TLSConfig(c.state.TLSConfig, target.URL.Hostname())
	}
	return target
}

// header is what upgrades and requests alike carry besides credentials: the script's
// headers, and k6's User-Agent as k6 sends it.
func (c *call) header() http.Header {
	header := c.client.settings.header.Clone()
	if agent := c.state.Options.UserAgent.String; agent != "" && header.Get("User-Agent") == "" {
		header.Set("User-Agent", agent)
	}
	return header
}
