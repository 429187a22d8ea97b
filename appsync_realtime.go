package pushgw

import (
	"context"
	"net/url"
	"slices"
	"sync"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// realtimeAPI is what the clients of AppSync's two kinds of API have in common: where their
// connections go, and how these and the subscriptions of their handshakes are authorized.
type realtimeAPI struct {
	url  *url.URL // for WebSockets
	auth *credentials.AppSync
	// frames returns the frames that begin one connection's subscriptions, and constant says
	// that they are the same for all connections but for the credentials.
	frames   func(ctx context.Context, own *values) ([][]byte, error)
	constant bool
	// connection and constantFrames authorize a connection and its frames where these are the
	// same for all.
	connection     func(context.Context, *credentials.AppSync) (*credentials.Upgrade, error)
	constantFrames func(context.Context, *credentials.AppSync) ([][]byte, error)
	variesURL      bool // connections have URLs of their own
}

// realtimeBackend is the part of backend that is the same for AppSync's two kinds of API.
type realtimeBackend struct {
	realtime realtimeAPI
	hears    []heard // the ids of what listeners subscribe to, and its audiences
}

func (g *realtimeBackend) webSocketURL() *url.URL { return g.realtime.url }

// heard implements backend.
func (g *realtimeBackend) heard() []heard { return g.hears }

func (g *realtimeBackend) readIdentity(*options) identity { return identity{role: telemetry.RoleHost} }

// host implements backend.
func (g *realtimeBackend) host(string) identity { return identity{role: telemetry.RoleHost} }

// identify implements backend: nobody has a name here.
func (g *realtimeBackend) identify(*values) error { return nil }

// needsEar implements backend: mutations go over HTTP, and a connection that publishes events
// isn't subscribed to anything.
func (g *realtimeBackend) needsEar() bool { return true }

// readRealtimeAPI reads the options of a client of the API with this URL. The authorization
// has what the kind of API says; derive returns where WebSockets go by default.
func readRealtimeAPI(
	u *url.URL, o *options, vs *varyings, auth *credentials.AppSync, derive func(*url.URL) (*url.URL, error),
) (r realtimeAPI, s settings) {
	auth.URL, auth.Host = u, credentials.WithoutDefaultPort(o.str("host", u.Host), u.Scheme)
	auth.Credentials, auth.Form = readCredentials(o, credentials.ServiceAppSync, auth.Host), readForm(o)
	base, err := realtimeURL(u, o, derive)
	if err != nil {
		o.fail("realtimeUrl", "%v", err)
		base = u
	}
	o.checkURL(base, vs.placeholders...)
	r.auth = auth
	s, r.url = readSettings(o, vs, base, 0)
	r.variesURL = s.upgrade.variesURL()
	return r, s
}

// share has what is the same for all connections made once.
func (r *realtimeAPI) share(constant bool, frames func(ctx context.Context, own *values) ([][]byte, error)) {
	r.frames, r.constant = frames, constant
	if r.auth.Credentials == nil {
		return // the options say what is wrong
	}
	r.connection = perConnection(r.auth, func(ctx context.Context, auth *credentials.AppSync) (*credentials.Upgrade, error) {
		return auth.Connection(ctx, r.url)
	})
	r.constantFrames = perConnection(r.auth, func(ctx context.Context, auth *credentials.AppSync) ([][]byte, error) {
		return frames(ctx, &values{auth: auth})
	})
}

// readForm reads how connections carry their credentials.
func readForm(o *options) credentials.Form {
	return credentials.Form(o.oneOf("credentials",
		string(credentials.FormSubprotocol), string(credentials.FormQuery), string(credentials.FormHeaders)))
}

// realtimeURL is derived from the API's URL, unless the script knows better.
func realtimeURL(api *url.URL, o *options, derive func(*url.URL) (*url.URL, error)) (*url.URL, error) {
	if _, ok := o.raw("realtimeUrl"); !ok {
		return derive(api)
	}
	return parseURL(o.str("realtimeUrl", ""), []string{"wss", "ws"}) // o keeps the first error
}

// perConnection returns authorize where credentials differ from one connection to the next.
// Where they are constant it has authorize called once, so that all connections share what
// it returns.
func perConnection[T any](
	auth *credentials.AppSync, authorize func(context.Context, *credentials.AppSync) (T, error),
) func(context.Context, *credentials.AppSync) (T, error) {
	if !auth.Constant() {
		return authorize
	}
	once := sync.OnceValues(func() (T, error) { return authorize(context.Background(), auth) })
	return func(context.Context, *credentials.AppSync) (T, error) { return once() }
}

// prepare adds what one connection proves its right with to its target, and makes its side
// of the dialect. Listeners subscribe as they shake hands; hosts do when the script says so.
func (r *realtimeAPI) prepare(
	ctx context.Context, own *values, target *wire.Target, session func(frames [][]byte) dialect.Session,
) (listen.Prepared, error) {
	if err := r.authorize(ctx, own, target); err != nil {
		return listen.Prepared{}, err
	}
	if own.role == telemetry.RoleHost && !own.hears {
		return listen.Prepared{Target: target, Session: session(nil)}, nil
	}
	frames, err := r.framesOf(ctx, own)
	return listen.Prepared{Target: target, Session: session(frames)}, err
}

// authorize authorizes the upgrade of one connection.
func (r *realtimeAPI) authorize(ctx context.Context, own *values, target *wire.Target) (err error) {
	if own.auth, err = r.auth.ForConnection(ctx, own.index); err != nil {
		return err
	}
	var upgrade *credentials.Upgrade
	if r.variesURL {
		upgrade, err = own.auth.Connection(ctx, target.URL)
	} else {
		upgrade, err = r.connection(ctx, own.auth)
	}
	if err != nil {
		return err
	}
	target.URL, target.Header = upgrade.URL, upgrade.Header(target.Header)
	target.Subprotocols = slices.Concat(upgrade.Subprotocols, target.Subprotocols)
	return nil
}

// framesOf returns the frames of one connection's subscriptions, shared by all connections
// where they can be.
func (r *realtimeAPI) framesOf(ctx context.Context, own *values) ([][]byte, error) {
	if r.constant {
		return r.constantFrames(ctx, own.auth)
	}
	return r.frames(ctx, own)
}

// authorizeFrame returns the authorization of a frame that the script has the call's connection
// send. Credentials are waited for no longer than a connection would.
func (c *call) authorizeFrame(ctx context.Context, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.client.settings.timeout)
	defer cancel()
	authorization, err := c.own.auth.Frame(ctx, body)
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	return authorization, nil
}
