package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
	"go.k6.io/k6/v2/lib/netext"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

// Target is where connections go and how they are opened.
type Target struct {
	// URL is the gateway's address, with scheme ws or wss.
	URL *url.URL
	// Header is sent with the upgrade request. Subprotocols are given below, and not
	// as Sec-WebSocket-Protocol.
	Header       http.Header
	Subprotocols []string
	// DialContext opens the TCP connection. k6's dialer applies the script's options
	// for hosts and DNS, and counts bytes.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// TLS configures wss connections and isn't changed. One with a ServerName, as
	// TLSConfig returns it, is shared by all connections; any other is copied for each.
	TLS        *tls.Config
	Timestamps Timestamps
	// MaxMessage is how many bytes a message may have; zero for 1 MiB. A longer one
	// ends the connection before its bytes are read.
	MaxMessage int64
	// FrameSize is how many bytes of a message that is sent a frame may have; zero for 16
	// KiB. A longer message is sent in several frames.
	FrameSize int
}

// TLSConfig returns a configuration for the WebSockets of one host. It is derived from
// base, which may be nil and isn't changed.
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

// The read buffer is small because connections are many. Longer messages bypass it;
// only the payload of a control frame, at most 125 bytes (RFC 6455, section 5.5), has
// to fit. Write buffers are pooled and used for one message at a time; each holds a frame.
const (
	readBufferSize   = 128
	defaultFrameSize = 16 << 10
)

// writeBuffers holds a *sync.Pool of the write buffers of all connections, by their size.
// There are as many sizes as a test's clients have.
var writeBuffers sync.Map

func writeBuffersOf(size int) *sync.Pool {
	pool, ok := writeBuffers.Load(size)
	if !ok {
		pool, _ = writeBuffers.LoadOrStore(size, new(sync.Pool))
	}
	return pool.(*sync.Pool) //nolint:forcetypeassert // nothing else is stored
}

// Dial opens a WebSocket connection. Its error is a *DialError.
func Dial(ctx context.Context, target *Target) (*Conn, error) {
	attempt := dialing{target: target, phase: PhaseUpgrade, unwatch: func() bool { return true }}
	frame := cmp.Or(target.FrameSize, defaultFrameSize)
	dialer := websocket.Dialer{
		NetDialContext:    attempt.tcp,
		NetDialTLSContext: attempt.tls,
		Subprotocols:      target.Subprotocols,
		ReadBufferSize:    readBufferSize,
		WriteBufferSize:   frame,
		WriteBufferPool:   writeBuffersOf(frame),
	}
	socket, response, err := dialer.DialContext(ctx, target.URL.String(), target.Header)
	err = upgradeError(response, err)
	if inTime := attempt.unwatch(); err == nil && !inTime {
		err = ctx.Err()
	}
	if err != nil {
		if socket != nil {
			_ = socket.Close()
		}
		return nil, attempt.failed(ctx, response, err)
	}
	attempt.request.responseRead()
	return newConn(socket, attempt.arrivals, target.MaxMessage), nil
}

// dialing is one attempt to open a connection.
type dialing struct {
	target   *Target
	phase    Phase // the one that it is in
	request  *requestConn
	arrivals *arrivalConn
	// unwatch stops closing the connection when the context ends. It reports whether
	// that was in time.
	unwatch func() bool
}

func (d *dialing) tcp(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.open(ctx, network, addr, webSocketFraming())
	if err != nil {
		return nil, err
	}
	d.request = newRequestConn(conn)
	return d.request, nil
}

func (d *dialing) tls(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.open(ctx, network, addr, tlsFraming())
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
	d.request = newRequestConn(secure)
	return d.request, nil
}

// open makes the TCP connection. Arrivals are watched below k6's own connection, so
// that k6 goes on counting its bytes.
func (d *dialing) open(ctx context.Context, network, addr string, f framing) (net.Conn, error) {
	// k6's lookup takes no context: it may outlast the deadline, and then Go's dialer
	// fails without having tried. So the attempt itself says when there is an address.
	var hasAddress atomic.Bool
	hasAddress.Store(net.ParseIP(d.target.URL.Hostname()) != nil)
	conn, err := d.target.DialContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart: func(string, string) { hasAddress.Store(true) },
	}), network, addr)
	if err != nil {
		d.phase = dialPhase(err, hasAddress.Load())
		return nil, limits.Explain(err)
	}
	d.phase = PhaseUpgrade
	socket := &conn
	if counted, ok := conn.(*netext.Conn); ok {
		socket = &counted.Conn
	}
	disableKeepAlive(*socket)
	*socket, d.arrivals = watchArrivals(*socket, d.target.Timestamps, f)
	// While gorilla waits for the response it heeds the context's deadline, but not
	// its cancellation.
	d.unwatch = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, nil
}

// dialPhase returns the phase of an error of DialContext. A failure of the network is a
// *net.OpError. Every other error comes before there is an address: a name that wasn't
// found, is blocked or is forbidden.
func dialPhase(err error, hasAddress bool) Phase {
	var operation *net.OpError
	var lookup *net.DNSError
	ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	switch {
	case errors.As(err, &lookup), ended && !hasAddress:
		return PhaseDNS
	case ended, errors.As(err, &operation):
		return PhaseTCP
	default:
		return PhaseDNS
	}
}

// disableKeepAlive stops TCP's keep-alive probes, which k6's dialer asks for every 30
// seconds. Those of very many connections fall due in the same tick of the kernel's
// timers, and its queue drops the excess (softnet_stat's second column). For some
// connections that happens every time, until the kernel takes them for dead. The
// dialects have pings and keep-alives of their own.
func disableKeepAlive(conn net.Conn) {
	if socket, ok := conn.(*net.TCPConn); ok {
		_ = socket.SetKeepAlive(false) // if it fails, so will the first write
	}
}
