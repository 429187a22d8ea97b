package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"go.k6.io/k6/v2/lib/netext"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

// Target says where connections go and how they are opened.
type Target struct {
	// URL is the gateway's address with scheme ws or wss.
	URL *url.URL
	// Header is sent with the upgrade request. Sec-WebSocket-Protocol is not
	// among it: see Subprotocols.
	Header       http.Header
	Subprotocols []string
	// DialContext opens the TCP connection; k6's dialer brings its own rules
	// for hosts, DNS and byte counting.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures wss connections and isn't changed. One that TLSConfig made is
	// shared by them, any other copied for each.
	TLS        *tls.Config
	Timestamps Timestamps
}

// TLSConfig makes a configuration fit for the WebSockets of one host: base, which
// may be nil, isn't changed.
func TLSConfig(base *tls.Config, host string) *tls.Config {
	config := base.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.NextProtos = []string{"http/1.1"} // there is no WebSocket upgrade in HTTP/2
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// Phase is how far a connection had come when it failed.
type Phase string

// The phases of opening a connection. PhaseCredentials comes before those of this
// package, and PhaseHandshake, that of the dialect, after them.
const (
	PhaseCredentials Phase = "credentials"
	PhaseDNS         Phase = "dns"
	PhaseTCP         Phase = "tcp"
	PhaseTLS         Phase = "tls"
	PhaseUpgrade     Phase = "upgrade"
	PhaseHandshake   Phase = "handshake"
)

// DialError says why no connection came about.
type DialError struct {
	Phase Phase
	// Status is the HTTP status of a refused upgrade, else zero.
	Status int
	// Host is the host that was to be reached, with its port.
	Host string
	// Body is the beginning of what the gateway said when it refused.
	Body string
	Err  error
}

// Error implements error. The address is named without path and query, for a
// query may hold credentials.
func (e *DialError) Error() string {
	if e.Status != 0 {
		text := fmt.Sprintf("%s refused the WebSocket upgrade with status %d %s", e.Host, e.Status, http.StatusText(e.Status))
		if e.Body != "" {
			text += ": " + e.Body
		}
		return text
	}
	return fmt.Sprintf("connecting to %s failed (%s): %v", e.Host, e.Phase, e.Err)
}

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

// The read buffer is small because connections are many: what is longer is read
// past it, and only a control frame's payload of up to 125 bytes has to fit (RFC
// 6455, section 5.5). Write buffers are lent for one message at a time; their size
// is that of the largest frame sent, for longer messages are sent in several.
const (
	readBufferSize  = 128
	writeBufferSize = 16 << 10
)

var writeBuffers sync.Pool // shared by all connections, which is its purpose

// Dial opens a WebSocket connection. Its error is a *DialError.
func Dial(ctx context.Context, target *Target) (*Conn, error) {
	attempt := dialing{target: target, phase: PhaseDNS, unwatch: func() bool { return true }}
	dialer := websocket.Dialer{
		NetDialContext:    attempt.tcp,
		NetDialTLSContext: attempt.tls,
		Subprotocols:      target.Subprotocols,
		ReadBufferSize:    readBufferSize,
		WriteBufferSize:   writeBufferSize,
		WriteBufferPool:   &writeBuffers,
	}
	socket, response, err := dialer.DialContext(ctx, target.URL.String(), target.Header)
	if inTime := attempt.unwatch(); err == nil && !inTime {
		_ = socket.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, attempt.failed(ctx, response, err)
	}
	return newConn(socket, attempt.arrivals), nil
}

// dialing is one attempt to open a connection.
type dialing struct {
	target   *Target
	phase    Phase
	arrivals *arrivalConn
	// unwatch ends the watch of the context, and is false if that has ended.
	unwatch func() bool
}

func (d *dialing) tcp(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.open(ctx, network, addr, frames())
	if err != nil {
		return nil, err
	}
	return newRequestConn(conn), nil
}

func (d *dialing) tls(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.open(ctx, network, addr, records())
	if err != nil {
		return nil, err
	}
	d.phase = PhaseTLS
	config := d.target.TLS
	if config == nil || config.ServerName == "" {
		config = TLSConfig(config, d.target.URL.Hostname())
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	d.phase = PhaseUpgrade
	return newRequestConn(secure), nil
}

// open makes the TCP connection and puts the watch for arrivals below whatever
// counts its bytes.
func (d *dialing) open(ctx context.Context, network, addr string, units units) (net.Conn, error) {
	conn, err := d.target.DialContext(ctx, network, addr)
	if err != nil {
		// What the dialer says of the network comes as *net.OpError. All else
		// comes before it has an address: names not found, blocked or forbidden.
		var operation *net.OpError
		var lookup *net.DNSError
		if !errors.As(err, &lookup) && (errors.As(err, &operation) || errors.Is(err, context.DeadlineExceeded)) {
			d.phase = PhaseTCP
		}
		return nil, limits.Explain(err)
	}
	d.phase = PhaseUpgrade
	socket := &conn
	if counted, ok := conn.(*netext.Conn); ok {
		socket = &counted.Conn
	}
	quieten(*socket)
	*socket, d.arrivals = watchArrivals(*socket, d.target.Timestamps, units)
	// Gorilla heeds the context's deadline, but not its being cancelled, while
	// it waits for the response.
	d.unwatch = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}

// quieten has a connection send no keep-alive probes of TCP's, which k6's dialer asks
// for every 30 seconds. Those of very many connections fall due in the same tick of
// the kernel's timers, and its queue drops what is too much at once (softnet_stat's
// second column): some connections' every time, until they are given up for dead. The
// dialects have pings and keep-alives of their own.
func quieten(conn net.Conn) {
	if socket, ok := conn.(*net.TCPConn); ok {
		_ = socket.SetKeepAlive(false) // if it fails, so will the first write
	}
}

func (d *dialing) failed(ctx context.Context, response *http.Response, err error) *DialError {
	failure := &DialError{Phase: d.phase, Host: d.target.URL.Host, Err: err}
	switch {
	case response != nil && errors.Is(err, websocket.ErrBadHandshake):
		failure.Status = response.StatusCode
		body, _ := io.ReadAll(io.LimitReader(response.Body, 256)) // gorilla kept its beginning
		failure.Body = strings.TrimSpace(string(body))
	case ContextError(ctx) != nil && !timedOut(err): // what else went wrong did because of it
		failure.Err = ContextError(ctx)
	}
	return failure
}

func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// ContextError returns why a context has ended, or is about to end: a socket with the
// context's deadline may notice before the context itself does.
func ContextError(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// writeTimeout bounds every write: a peer that doesn't read must not hold its writer.
const writeTimeout = 10 * time.Second
