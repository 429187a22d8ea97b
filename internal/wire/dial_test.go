package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/types"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

// refused returns the error of a Dial that must fail, and leave no socket open.
func refused(ctx context.Context, t *testing.T, to *Target) *DialError {
	t.Helper()
	open := countOpen(to)
	conn, err := Dial(ctx, to)
	require.Nil(t, conn)
	var failed *DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, to.URL.Host, failed.Host)
	assert.Zero(t, open.Load(), "sockets left open")
	return failed
}

func TestHostIsNotFound(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"error":  &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true},
		"silent": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := target(t, "http://nowhere.test/")
			to.DialContext = k6Dialer(func(string) ([]net.IP, error) { return nil, answer }).DialContext
			failed := refused(t.Context(), t, to)
			assert.Equal(t, PhaseDNS, failed.Phase)
			assert.ErrorContains(t, failed, "connecting to nowhere.test failed (dns): lookup nowhere.test")
		})
	}
}

func TestHostIsNotFoundByGo(t *testing.T) {
	t.Parallel()
	to := target(t, "http://nowhere.test/")
	to.DialContext = (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") },
	}}).DialContext
	assert.Equal(t, PhaseDNS, refused(t.Context(), t, to).Phase)
}

func TestHostIsBlockedByK6(t *testing.T) {
	t.Parallel()
	dialer := k6Dialer(net.LookupIP)
	var err error
	dialer.BlockedHostnames, err = types.NewHostnameTrie([]string{"*.test"})
	require.NoError(t, err)
	to := target(t, "http://blocked.test/")
	to.DialContext = dialer.DialContext
	failed := refused(t.Context(), t, to)
	assert.Equal(t, PhaseDNS, failed.Phase)
	var blocked netext.BlockedHostError
	assert.ErrorAs(t, failed, &blocked)
}

func TestConnectionIsRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	failed := refused(t.Context(), t, target(t, "http://"+listener.Addr().String()))
	assert.Equal(t, PhaseTCP, failed.Phase)
	assert.ErrorContains(t, failed, "(tcp): ")
	assert.ErrorContains(t, failed, "connection refused")
}

func TestConnectingTakesTooLong(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, PhaseTCP, refused(ctx, t, target(t, "http://127.0.0.1:9")).Phase)

	to := target(t, "http://127.0.0.1:9")
	to.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	failed := refused(ctx, t, to)
	assert.Equal(t, PhaseTCP, failed.Phase)
	assert.ErrorIs(t, failed, context.DeadlineExceeded)
}

func TestCertificateIsNotTrusted(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	to.TLS = nil
	failed := refused(t.Context(), t, to)
	assert.Equal(t, PhaseTLS, failed.Phase)
	var unknown *tls.CertificateVerificationError
	assert.ErrorAs(t, failed, &unknown)
}

func TestCertificateIsForAnotherHost(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	to.TLS.ServerName = "else.test"
	assert.Equal(t, PhaseTLS, refused(t.Context(), t, to).Phase)
	to.TLS.ServerName = "example.com" // httptest's certificate is for it
	dial(t, to)
}

func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		to := httpGateway(t, secure, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message": "Forbidden"} `+strings.Repeat(".", 5000), http.StatusForbidden)
		})
		to.URL.Path, to.URL.RawQuery = "/a wrong/path", "key=secret"
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase)
		assert.Equal(t, http.StatusForbidden, failed.Status)
		assert.Len(t, failed.Body, 256)
		assert.ErrorIs(t, failed, websocket.ErrBadHandshake)
		assert.ErrorContains(t, failed, to.URL.Host+` refused the WebSocket upgrade of /a%20wrong/path with status 403 Forbidden: {"message": "Forbidden"} ...`)
		assert.NotContains(t, failed.Error(), "secret")
	}
}

func TestUpgradeIsNotAnswered(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"no HTTP":     "220 smtp.test ESMTP\r\n",
		"nothing":     "",
		"half a line": "HTTP/1.1 101 Switching",
	} {
		to := rawGateway(t, func(socket net.Conn, _ string) { write(t, socket, response) })
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase, name)
		assert.Zero(t, failed.Status, name)
	}
}

func TestRedirection(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"https://else.test:8443/b?key=secret":  "with status 302 Found (to else.test:8443/b)",
		"wss://me:secret@else.test?key=secret": "with status 302 Found (to else.test/)",
		"/c?key=secret":                        "with status 302 Found (to HOST/c)",
		"d":                                    "with status 302 Found (to HOST/dev/d)",
		"":                                     "with status 302 Found: moved",
		"://":                                  "with status 302 Found: moved",
		"http://a.test/" + strings.Repeat("x", 999): "with status 302 Found (to a.test/" + strings.Repeat("x", 249) + "...)",
	} {
		to := httpGateway(t, false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
			write(t, w, "moved")
		})
		to.URL.Path, to.URL.RawQuery = "/dev/", "key=secret"
		failed := refused(t.Context(), t, to)
		assert.Equal(t, http.StatusFound, failed.Status)
		want = strings.ReplaceAll(want, "HOST", to.URL.Host)
		assert.EqualError(t, failed, to.URL.Host+" refused the WebSocket upgrade of /dev/ "+want)
	}
}

// A location is a redirection only where the status says so.
func TestLocationWithoutARedirection(t *testing.T) {
	t.Parallel()
	to := httpGateway(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/else")
		http.Error(w, "no", http.StatusForbidden)
	})
	failed := refused(t.Context(), t, to)
	assert.Empty(t, failed.Location)
	assert.Equal(t, "no", failed.Body)
}

// What gorilla refuses to send has nothing to do with DNS.
func TestHeaderThatCannotBeSent(t *testing.T) {
	t.Parallel()
	to := target(t, "http://gateway.test/")
	to.Header = http.Header{"Upgrade": {"h2c"}}
	failed := refused(t.Context(), t, to)
	assert.Equal(t, PhaseUpgrade, failed.Phase)
	assert.ErrorContains(t, failed, "duplicate header not allowed: Upgrade")
}

// k6's lookup can't be interrupted: the deadline may have passed once it is over.
func TestLookupTakesTooLong(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		},
		"cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		defer cancel()
		to := target(t, "http://slow.test/")
		to.DialContext = k6Dialer(func(string) ([]net.IP, error) {
			<-ctx.Done()
			return []net.IP{{127, 0, 0, 1}}, nil
		}).DialContext
		assert.Equal(t, PhaseDNS, refused(ctx, t, to).Phase, name)
	}
}

// After the lookup it is the connection that takes too long.
func TestConnectingTakesTooLongAfterALookup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), phaseTimeout)
	defer cancel()
	dialer := k6Dialer(func(string) ([]net.IP, error) { return []net.IP{{127, 0, 0, 1}}, nil })
	dialer.Control = func(string, string, syscall.RawConn) error {
		<-ctx.Done()
		return ctx.Err()
	}
	to := target(t, "http://gateway.test/")
	to.DialContext = dialer.DialContext
	assert.Equal(t, PhaseTCP, refused(ctx, t, to).Phase)
}

// A gateway may fall silent in any phase. Then the context ends the attempt, by its
// deadline or by being cancelled.
func TestContextEndsEveryPhase(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secure bool
		answer string
		phase  Phase
	}{
		"tls":         {secure: true, phase: PhaseTLS},
		"upgrade":     {phase: PhaseUpgrade},
		"half a head": {answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ", phase: PhaseUpgrade},
		"half a line": {answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r", phase: PhaseUpgrade},
		"half a body": {answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nForbid", phase: PhaseUpgrade},
	} {
		t.Run(name+"/cancelled", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			failed := refused(ctx, t, fallsSilent(t, test.secure, test.answer, cancel))
			assert.Equal(t, test.phase, failed.Phase)
			if failed.Status == 0 {
				assert.ErrorIs(t, failed, context.Canceled)
			}
		})
		t.Run(name+"/deadline", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), phaseTimeout)
			defer cancel()
			failed := refused(ctx, t, fallsSilent(t, test.secure, test.answer, func() {}))
			assert.Equal(t, test.phase, failed.Phase)
			if failed.Status == 0 {
				assert.True(t, timedOut(failed), failed)
			}
		})
	}
}

// fallsSilent starts a gateway that reads a request, answers no more than answer, and
// then calls then.
func fallsSilent(t *testing.T, secure bool, answer string, then func()) *Target {
	t.Helper()
	to := tcpGateway(t, func(socket net.Conn) {
		_, _ = socket.Read(make([]byte, 4096))
		write(t, socket, answer)
		then()
		_, _ = io.Copy(io.Discard, socket) // until the other side gives up
	})
	if secure {
		to.URL.Scheme = "wss"
	}
	return to
}

func TestTargetIsNotChanged(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	dial(t, to)
	assert.Empty(t, to.TLS.ServerName)
	assert.Empty(t, to.TLS.NextProtos)
	assert.Empty(t, to.Header)
}

func TestLimitIsReached(t *testing.T) {
	t.Parallel()
	for errno, explanation := range map[syscall.Errno]string{
		syscall.EMFILE:        "this process may open ",
		syscall.ENFILE:        "all processes of this machine may open ",
		syscall.EADDRNOTAVAIL: "all local ports for this destination are taken",
		syscall.ENOBUFS:       "the kernel has no memory for another socket",
		syscall.ENOMEM:        "the kernel has no memory for another socket",
	} {
		to := target(t, "http://gateway.test/")
		to.DialContext = func(_ context.Context, network, _ string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", errno)}
		}
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseTCP, failed.Phase)
		assert.ErrorIs(t, failed, errno)
		var limit *limits.Error
		assert.ErrorAs(t, failed, &limit)
		assert.ErrorContains(t, failed, "connecting to gateway.test failed (tcp): "+errno.Error()+": "+explanation)
	}
}

func TestSubprotocolIsTheOneThatTheGatewayChose(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, untilClosed)
	assert.Empty(t, dial(t, to).socket.Subprotocol())
	to.Subprotocols = []string{"unknown", "spoken"}
	assert.Equal(t, "spoken", dial(t, to).socket.Subprotocol())
}

func TestRequest(t *testing.T) {
	t.Parallel()
	requests := make(chan *http.Request, 1)
	to := httpGateway(t, false, func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		http.NotFound(w, r)
	})
	to.URL.Path, to.URL.RawQuery = "/dev", "room=1"
	to.Header = http.Header{"Authorization": {"secret"}}
	assert.Equal(t, http.StatusNotFound, refused(t.Context(), t, to).Status)
	r := <-requests
	assert.Equal(t, "/dev?room=1", r.RequestURI)
	assert.Equal(t, "secret", r.Header.Get("Authorization"))
}

func TestTLSConfig(t *testing.T) {
	t.Parallel()
	config := TLSConfig(nil, "gateway.test")
	assert.Equal(t, "gateway.test", config.ServerName)
	assert.Equal(t, []string{"http/1.1"}, config.NextProtos)
	assert.EqualValues(t, tls.VersionTLS12, config.MinVersion)

	base := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, ServerName: "other.test"}
	config = TLSConfig(base, "gateway.test")
	assert.Equal(t, "other.test", config.ServerName)
	assert.Equal(t, []string{"http/1.1"}, config.NextProtos)
	assert.EqualValues(t, tls.VersionTLS13, config.MinVersion)
	assert.Equal(t, []string{"h2"}, base.NextProtos)
}

// A connection that was opened just as its context ended is closed again.
func TestContextEndsWithTheHandshake(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, untilClosed)
	ctx, cancel := context.WithCancel(t.Context())
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(context.WithoutCancel(ctx), network, addr)
		return &cancelling{Conn: conn, cancel: cancel}, err
	}
	failed := refused(ctx, t, to)
	assert.Equal(t, PhaseUpgrade, failed.Phase)
	assert.ErrorIs(t, failed, context.Canceled)
}

// cancelling calls cancel once it has read, and can be closed only after that.
type cancelling struct {
	net.Conn
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.cancel()
	return n, err
}
