package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/lib/types"
)

// tracking has the target's connections counted while they are open.
func tracking(to *Target) (open *atomic.Int32) {
	open = new(atomic.Int32)
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		open.Add(1)
		return &tracked{Conn: conn, open: open}, nil
	}
	return open
}

type tracked struct {
	net.Conn
	open   *atomic.Int32
	closed atomic.Bool
}

func (c *tracked) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// refused dials in vain and returns why. No socket may be left.
func refused(ctx context.Context, t *testing.T, to *Target) *DialError {
	t.Helper()
	open := tracking(to)
	conn, err := Dial(ctx, to)
	require.Nil(t, conn)
	var failed *DialError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, to.URL.Host, failed.Host)
	assert.Zero(t, open.Load(), "sockets left open")
	return failed
}

func TestANameThatIsNotFound(t *testing.T) {
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

func TestANameThatIsNotFoundByGo(t *testing.T) {
	t.Parallel()
	to := target(t, "http://nowhere.test/")
	to.DialContext = (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") },
	}}).DialContext
	assert.Equal(t, PhaseDNS, refused(t.Context(), t, to).Phase)
}

func TestAnAddressThatK6Forbids(t *testing.T) {
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

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	failed := refused(t.Context(), t, target(t, "http://"+listener.Addr().String()))
	assert.Equal(t, PhaseTCP, failed.Phase)
	assert.ErrorContains(t, failed, "(tcp): ")
	assert.ErrorContains(t, failed, "connection refused")
}

func TestNobodyAnswersInTime(t *testing.T) {
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

func TestACertificateThatNobodyTrusts(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	to.TLS = nil
	failed := refused(t.Context(), t, to)
	assert.Equal(t, PhaseTLS, failed.Phase)
	var unknown *tls.CertificateVerificationError
	assert.ErrorAs(t, failed, &unknown)
}

func TestACertificateForSomebodyElse(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	to.TLS.ServerName = "else.test"
	assert.Equal(t, PhaseTLS, refused(t.Context(), t, to).Phase)
	to.TLS.ServerName = "example.com" // one of those that it is for
	dial(t, to)
}

func TestARefusedUpgrade(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		to := httpGateway(t, secure, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message": "Forbidden"} `+strings.Repeat(".", 5000), http.StatusForbidden)
		})
		to.URL.RawQuery = "key=secret"
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase)
		assert.Equal(t, http.StatusForbidden, failed.Status)
		assert.Len(t, failed.Body, 256)
		assert.ErrorIs(t, failed, websocket.ErrBadHandshake)
		assert.ErrorContains(t, failed, to.URL.Host+` refused the WebSocket upgrade with status 403 Forbidden: {"message": "Forbidden"} ...`)
		assert.NotContains(t, failed.Error(), "secret")
	}
}

func TestAnUpgradeToSomethingElse(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"no HTTP":        "220 smtp.test ESMTP\r\n",
		"nothing":        "",
		"half a line":    "HTTP/1.1 101 Switching",
		"wrong key":      switching("nonsense"),
		"other protocol": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
	} {
		to := rawGateway(t, func(socket net.Conn, _ string) { send(t, socket, response) })
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseUpgrade, failed.Phase, name)
	}
}

func TestACompressionThatNobodyOffered(t *testing.T) {
	t.Parallel()
	to := rawGateway(t, func(socket net.Conn, accept string) {
		send(t, socket, strings.Replace(switching(accept), "\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", 1))
	})
	assert.Equal(t, PhaseUpgrade, refused(t.Context(), t, to).Phase)
}

// Whoever is being dialled may fall silent in any phase, and then the context
// ends the attempt, whether by its deadline or because it is cancelled.
func TestTheContextEndsEveryPhase(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secure bool
		said   string
		phase  Phase
	}{
		"tls":         {secure: true, phase: PhaseTLS},
		"upgrade":     {phase: PhaseUpgrade},
		"half a head": {said: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: ", phase: PhaseUpgrade},
		"half a line": {said: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r", phase: PhaseUpgrade},
		"half a body": {said: "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nForbid", phase: PhaseUpgrade},
	} {
		t.Run(name+"/cancelled", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			failed := refused(ctx, t, fallsSilent(t, test.secure, test.said, cancel))
			assert.Equal(t, test.phase, failed.Phase)
			if failed.Status == 0 {
				assert.ErrorIs(t, failed, context.Canceled)
			}
		})
		t.Run(name+"/deadline", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), stall)
			defer cancel()
			failed := refused(ctx, t, fallsSilent(t, test.secure, test.said, func() {}))
			assert.Equal(t, test.phase, failed.Phase)
			if failed.Status == 0 {
				assert.True(t, timedOut(failed), failed)
			}
		})
	}
}

// fallsSilent is a gateway that reads a request and says no more than this.
func fallsSilent(t *testing.T, secure bool, said string, then func()) *Target {
	t.Helper()
	to := tcpGateway(t, func(socket net.Conn) {
		_, _ = socket.Read(make([]byte, 4096))
		send(t, socket, said)
		then()
		_, _ = io.Copy(io.Discard, socket) // until the other side gives up
	})
	if secure {
		to.URL.Scheme = "wss"
	}
	return to
}

func TestTheTargetIsNotChanged(t *testing.T) {
	t.Parallel()
	to := gateway(t, true, untilClosed)
	dial(t, to)
	assert.Empty(t, to.TLS.ServerName)
	assert.Empty(t, to.TLS.NextProtos)
	assert.Empty(t, to.Header)
}

func k6Dialer(resolve netext.MultiResolver) *netext.Dialer {
	return netext.NewDialer(net.Dialer{}, netext.NewResolver(resolve, 0, types.DNSfirst, types.DNSany))
}
