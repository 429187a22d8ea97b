package pushgw

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib"

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
	// who the connections are that the call opens. Of the one that connect() or broadcast()
	// opens it is complete once that is open.
	who identity
	// shared is what every listener of the call hears by, nil if that differs; see
	// subscriptions.
	shared []listen.Subscription
	once   sync.Once
	// hears is the audience that a call of a distributed test is about: of what its
	// connections hear that are no listeners, and of what it says when all listeners fail. It
	// is nil where there is no such one.
	hears     *ledger.Audience
	answering atomic.Pointer[answering]       // nil while no rolls are answered
	echoes    atomic.Pointer[textBroadcaster] // the latest that sends by the call's connection
	own       *values                         // what that connection, or a request of the call, has of its own; nil before
}

// begin is called on the event loop. It throws in the init context.
func (c *client) begin(method string, who identity) *call {
	state := c.module.vu.State()
	if state == nil {
		c.module.throw(scriptErrorf(nameUsageError,
			"%s can't be called in the init context: a connection needs a running VU", method))
	}
	who.vu = state.VUIDGlobal
	c.module.process.joinRun(state)
	c.module.process.beginResults(state, c.backend)
	return &call{
		client: c, state: state, who: who,
		recorder: c.newRecorder(state, who.role),
	}
}

// newRecorder returns the recorder of connections of the client's in a role.
func (c *client) newRecorder(state *lib.State, role string) *telemetry.Recorder {
	return telemetry.NewRecorder(state, &c.module.process.telemetry, c.module.metrics, c.backend.tag(), role)
}

// process is what all VUs of the process share.
func (c *call) process() *process { return c.client.module.process }

// isDistributed reports whether the test may have other processes.
func (c *call) isDistributed() bool { return c.process().ledger.Run().Distributed }

// startTicking has samples pushed, and f called if it isn't nil, at every tick until
// stop is called. That has to be before the callback that holds the iteration open is
// answered.
func (c *call) startTicking(f func(now time.Time)) (stop func()) {
	remove := c.process().ticker.Add(func(now time.Time) {
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

// answered is the promise of what result makes of the answer to one request over HTTP, which
// send sends.
func answered[T any](c *call, send func(context.Context) (T, error), result func(T) (any, error)) *sobek.Promise {
	return newPromise(c.client.module.vu, func(ctx context.Context) (any, error) {
		defer c.recorder.Flush()
		answer, err := send(ctx)
		if err != nil {
			c.requestFailed(ctx, err)
			return nil, err
		}
		return result(answer)
	})
}

// requestFailed counts a request that failed, unless it did because the iteration has ended.
func (c *call) requestFailed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		c.recorder.RequestFailed(err)
	}
}

// listeners is what the connections of one listen() have in common, of which there are so
// many.
func (c *call) listeners(connections int) listen.Config {
	ordinal := c.process().ordinal(c.client.backend.endpoint(), c.who.vu)
	base, first := c.target(), ordinal*int64(connections)
	index := func(i int) int64 { return first + int64(i) }
	config := c.config(func(ctx context.Context, i int) (listen.Prepared, error) {
		own := values{identity: c.who}
		own.index = index(i)
		prepared, err := c.client.prepare(ctx, &own, base)
		if err == nil {
			prepared.Subscriptions, err = c.subscriptions(&own)
		}
		return prepared, err
	})
	config.Index = index
	return config
}

// host is what the only connection of the call needs.
func (c *call) host() listen.Config {
	base := c.target()
	return c.config(func(ctx context.Context, _ int) (listen.Prepared, error) {
		own := &values{identity: c.who}
		prepared, err := c.client.prepare(ctx, own, base)
		c.own, c.who = own, own.identity
		return prepared, err
	})
}

// config is what the call's connections have in common, which prepare prepares.
func (c *call) config(prepare func(ctx context.Context, i int) (listen.Prepared, error)) listen.Config {
	settings, process, u := &c.client.settings, c.process(), c.client.backend.webSocketURL()
	config := listen.Config{
		Host:     u.Host,
		Prepare:  prepare,
		Ledger:   process.ledger,
		Pattern:  settings.pattern,
		Limiter:  process.hostLimiter(hostName(u), settings.rate*share(&c.state.Options)),
		Timeout:  settings.timeout,
		Ping:     settings.ping,
		Observer: c.recorder,
	}
	if c.isDistributed() {
		config.Control = c.heard
	}
	return config
}

// requestHeader is what the call's requests over HTTP carry besides credentials. Where a
// header differs from one connection to the next, it is that of a host with index 0, or the call's own.
func (c *call) requestHeader(ctx context.Context) (http.Header, error) {
	header, s := c.header(), &c.client.settings
	if len(s.upgrade.header) == 0 {
		return header, nil
	}
	if c.own == nil {
		own := values{identity: c.who}
		var err error
		if own.answers, err = s.varyings.ask(ctx, own.index); err != nil {
			return nil, err
		}
		c.own = &own
	}
	return header, s.upgrade.setHeader(c.own, header)
}

// target is where the call's connections go and how, before credentials are added.
func (c *call) target() wire.Target {
	target := wire.Target{
		URL: c.client.backend.webSocketURL(), Header: c.header(),
		DialContext: c.state.Dialer.DialContext, Timestamps: c.client.settings.timestamps,
		MaxMessage: c.client.settings.maxMessage, FrameSize: c.client.settings.frameSize,
	}
	if target.URL.Scheme == "wss" {
		target.TLS = wire.TLSConfig(c.state.TLSConfig, target.URL.Hostname())
	}
	return target
}

// header is what upgrades and requests alike carry besides credentials: the script's
// constant headers, and k6's User-Agent as k6 sends it.
func (c *call) header() http.Header {
	header := c.client.settings.header.Clone()
	if agent := c.state.Options.UserAgent.String; agent != "" && header.Get("User-Agent") == "" {
		header.Set("User-Agent", agent)
	}
	return header
}
