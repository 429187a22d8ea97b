package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/types"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	// stall is how long a test keeps a message waiting, and margin what it allows a
	// busy machine in a comparison with the kernel's time.
	stall  = 200 * time.Millisecond
	margin = 50 * time.Millisecond
	// shortTimeout is for tests in which a timeout has to pass.
	shortTimeout = 200 * time.Millisecond
	// phaseTimeout is for those in which it has to pass in a later phase of dialling, which
	// a busy machine takes a while to reach.
	phaseTimeout = 2 * time.Second
	// hangTimeout ends what would otherwise hang. No test that passes comes near it.
	hangTimeout = 3 * time.Minute
)

// eachWay runs a test over plain and TLS connections, with either kind of timestamps.
func eachWay(t *testing.T, f func(t *testing.T, secure bool, timestamps Timestamps)) {
	t.Helper()
	for _, secure := range []bool{false, true} {
		for name, timestamps := range map[string]Timestamps{"kernel": KernelTime, "read": ReadTime} {
			t.Run(fmt.Sprintf("secure=%t/%s", secure, name), func(t *testing.T) {
				t.Parallel()
				f(t, secure, timestamps)
			})
		}
	}
}

// gateway starts a server that runs f for each WebSocket connection, and returns the
// target for Dial. The test ends only after every f has returned.
func gateway(t *testing.T, secure bool, f func(*websocket.Conn)) *Target {
	t.Helper()
	return httpGateway(t, secure, func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"spoken"}}
		socket, err := upgrader.Upgrade(w, r, nil)
		if assert.NoError(t, err) {
			defer socket.Close()
			f(socket)
		}
	})
}

// httpGateway is like gateway, but f gets the upgrade request.
func httpGateway(t *testing.T, secure bool, f http.HandlerFunc) *Target {
	t.Helper()
	var serving sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		f(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(func() {
		server.Close()
		serving.Wait() // Close doesn't wait for hijacked connections
	})
	if !secure {
		server.Start()
		return target(t, server.URL)
	}
	server.StartTLS()
	to := target(t, server.URL)
	to.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	to.TLS.RootCAs.AddCert(server.Certificate())
	return to
}

// rawGateway starts a server that runs f for one TCP connection, after its upgrade
// request has been read. accept is the right value of Sec-WebSocket-Accept.
func rawGateway(t *testing.T, f func(socket net.Conn, accept string)) *Target {
	t.Helper()
	return tcpGateway(t, func(socket net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(socket))
		if assert.NoError(t, err) {
			f(socket, acceptFor(request.Header.Get("Sec-WebSocket-Key")))
		}
	})
}

// tcpGateway starts a server that runs f for one TCP connection.
func tcpGateway(t *testing.T, f func(socket net.Conn)) *Target {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if socket, err := listener.Accept(); err == nil {
			defer socket.Close()
			f(socket)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return target(t, "http://"+listener.Addr().String())
}

// switching is a response that accepts the upgrade.
func switching(accept string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + accept + "\r\n\r\n"
}

func target(tb testing.TB, address string) *Target {
	tb.Helper()
	to, err := url.Parse(strings.Replace(address, "http", "ws", 1))
	require.NoError(tb, err)
	return &Target{URL: to, DialContext: new(net.Dialer).DialContext}
}

// dial opens a connection that is closed at the end of the test, or after hangTimeout
// so that no read or write hangs.
func dial(t *testing.T, to *Target) *Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
	defer cancel()
	conn, err := Dial(ctx, to)
	require.NoError(t, err)
	hangs := time.AfterFunc(hangTimeout, conn.CloseNow)
	t.Cleanup(func() {
		hangs.Stop()
		conn.CloseNow()
	})
	return conn
}

func read(t *testing.T, conn *Conn) Message {
	t.Helper()
	m, err := conn.Read()
	require.NoError(t, err)
	return m
}

// untilClosed reads until the peer has closed the connection.
func untilClosed(socket *websocket.Conn) {
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			return
		}
	}
}

// echo sends every message back.
func echo(socket *websocket.Conn) {
	for {
		kind, data, err := socket.ReadMessage()
		if err != nil || socket.WriteMessage(kind, data) != nil {
			return
		}
	}
}

// onDemand starts a gateway with one connection, and returns a function that has it
// send some frames and returns when they have been sent.
func onDemand(t *testing.T, secure bool) (to *Target, send func(frames string)) {
	t.Helper()
	pending, sent := make(chan string), make(chan error)
	to = gateway(t, secure, func(socket *websocket.Conn) {
		for frames := range pending {
			_, err := io.WriteString(socket.NetConn(), frames)
			sent <- err
		}
	})
	t.Cleanup(func() { close(pending) })
	return to, func(frames string) {
		t.Helper()
		select {
		case pending <- frames:
			require.NoError(t, <-sent)
		case <-time.After(hangTimeout):
			t.Fatal("the gateway has no connection")
		}
	}
}

// awaitKernelTime reads messages until the kernel dates them. It starts to some time
// after it has been asked to.
func awaitKernelTime(t *testing.T, conn *Conn, send func(frames string)) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("there are kernel times on Linux only")
	}
	require.NotNil(t, conn.arrivals)
	require.Eventually(t, func() bool {
		send(frame(final|text, "once more"))
		m := read(t, conn)
		return m.Arrived != m.Read
	}, hangTimeout, time.Millisecond)
}

// countOpen has a target's dialer count its connections that are open. They aren't
// *net.TCPConn any more, so they can't be dated by the kernel.
func countOpen(to *Target) (open *atomic.Int32) {
	open = new(atomic.Int32)
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &countedConn{Conn: conn, open: open}, nil
	}
	return open
}

type countedConn struct {
	net.Conn
	open   *atomic.Int32
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

func k6Dialer(resolve netext.MultiResolver) *netext.Dialer {
	return netext.NewDialer(net.Dialer{}, netext.NewResolver(resolve, 0, types.DNSfirst, types.DNSany))
}

// requireTimeout requires that err is the timeout of a socket.
func requireTimeout(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), err)
}

// The first byte of a frame.
const (
	final        = 0x80
	continuation = 0x0
	text         = 0x1
	closing      = 0x8
	ping         = 0x9
	pong         = 0xa
)

// frame is one WebSocket frame as a server sends it.
func frame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return string(head) + payload
}

// write is for goroutines of a test, in which require can't be used.
func write(t *testing.T, to io.Writer, bytes string) {
	t.Helper()
	_, err := io.WriteString(to, bytes)
	assert.NoError(t, err)
}
