package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newExamination returns an examination with gateways at these URLs, and with a resolver
// that knows gateway.test.
func newExamination(t *testing.T, gateways ...string) *examination {
	t.Helper()
	e := &examination{Plan: plan(), Machine: machine(files()), timeout: defaultTimeout}
	for _, gateway := range gateways {
		u, err := url.Parse(gateway)
		require.NoError(t, err)
		e.Gateway = append(e.Gateway, u)
	}
	e.Resolve = func(_ context.Context, name string) ([]netip.Addr, error) {
		switch name {
		case "gateway.test":
			return addresses("::1", "127.0.0.1"), nil
		case "empty.test":
			return nil, nil
		case "silent.test":
			return nil, context.DeadlineExceeded
		default:
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
	}
	return e
}

// serve starts an HTTP server and returns it and its port.
func serve(t *testing.T, secure bool) (server *httptest.Server, port string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs handshakes that end early
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	return server, port
}

// requireLines matches the beginning of each finding's line with a regular expression.
func requireLines(t *testing.T, found []Finding, lines ...string) {
	t.Helper()
	require.Len(t, found, len(lines), found)
	for i, line := range lines {
		require.Regexp(t, "^"+line, found[i].String())
		require.NotContains(t, found[i].String(), "secret")
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	_, port := serve(t, false)
	requireLines(t, newExamination(t, "ws://gateway.test:"+port+"/dev?key=secret").reach(t.Context()),
		`ok    DNS              gateway.test: 1 \(127.0.0.1\)$`,
		`ok    TCP              127.0.0.1:`+port+` answers in \d`)
	requireLines(t, newExamination(t, "ws://127.0.0.1:"+port).reach(t.Context()),
		`ok    DNS              127.0.0.1 is an address$`,
		`ok    TCP              127.0.0.1:`+port+` answers in \d`)
}

func TestReachWithTLS(t *testing.T) {
	t.Parallel()
	server, port := serve(t, true)
	e := newExamination(t, "wss://gateway.test:"+port, "https://gateway.test:"+port+"/graphql")
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	e.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "example.com"} // as in the certificate
	requireLines(t, e.reach(t.Context()),
		`ok    DNS              gateway.test`, `ok    TCP              127`, `ok    TLS              TLS 1.3 with gateway.test$`,
		`ok    DNS              gateway.test`, `ok    TCP              127`, `ok    TLS              TLS 1.3 with gateway.test$`)
}

func TestReachWithoutATrustedCertificate(t *testing.T) {
	t.Parallel()
	_, port := serve(t, true)
	requireLines(t, newExamination(t, "wss://gateway.test:"+port).reach(t.Context()),
		`ok    DNS `, `ok    TCP `,
		`fail  TLS              tls: failed to verify certificate: .*; needed: a certificate of gateway.test; to change: the gateway's`)
}

func TestReachFails(t *testing.T) {
	t.Parallel()
	closed, port := serve(t, false)
	closed.Close()
	requireLines(t, newExamination(t, "wss://gateway.test:"+port).reach(t.Context()), `ok    DNS `,
		`fail  TCP              dial tcp 127.0.0.1:`+port+`: .*refused.*; needed: a connection to 127.0.0.1:`+port+`; to change: the URL's port`)
	plain, port := serve(t, false)
	defer plain.Close()
	requireLines(t, newExamination(t, "wss://gateway.test:"+port).reach(t.Context()), `ok    DNS `, `ok    TCP `,
		`fail  TLS              tls: .*; needed: TLS with gateway.test; to change: the URL: nothing speaks TLS`)

	e := newExamination(t, "ws://gateway.test", "https://gateway.test")
	var dialled []string
	e.Dial = func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	requireLines(t, e.reach(t.Context()),
		`ok    DNS `, `fail  TCP              .*: this process may open \d+ \(ulimit -n\)`, `ok    DNS `, `fail  TCP `)
	require.Equal(t, []string{"127.0.0.1:80", "127.0.0.1:443"}, dialled)
}

func TestLookUpFails(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"nowhere.test": "lookup nowhere.test: no such host",
		"empty.test":   "lookup empty.test: no address",
		"silent.test":  "no answer in 5s",
	} {
		requireLines(t, newExamination(t, "wss://"+host+"/dev").reach(t.Context()),
			`fail  DNS              `+want+`; needed: an address; to change: the URL, or k6's options dns and hosts$`)
	}
}

// The number and kind of the gateway's addresses matter for ports and local addresses.
func TestDestinations(t *testing.T) {
	t.Parallel()
	resolvesTo := func(all ...string) func(*Machine) {
		return func(m *Machine) {
			m.Resolve = func(context.Context, string) ([]netip.Addr, error) { return addresses(all...), nil }
			m.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, context.DeadlineExceeded }
		}
	}
	to := func(n int) func(*Plan) {
		return func(p *Plan) {
			p.Connections, p.Gateway = n, []*url.URL{{Scheme: "ws", Host: "gateway.test"}}
		}
	}
	examine(t, "local ports", map[string]variation{
		"one address":       {plan: to(30_000), machine: resolvesTo("192.0.2.1"), level: Fail, needed: "30000"},
		"two addresses":     {plan: to(30_000), machine: resolvesTo("192.0.2.1", "192.0.2.2"), found: "28232 to each of the gateway's 2 addresses", needed: "15750"},
		"IPv4 is preferred": {plan: to(30_000), machine: resolvesTo("2001:db8::1", "192.0.2.2"), level: Fail, needed: "30000"},
		"three addresses":   {plan: to(90_000), machine: resolvesTo("192.0.2.1", "192.0.2.2", "192.0.2.3"), level: Fail, needed: "31500"},
	})
	examine(t, "local addresses", map[string]variation{
		"IPv6":         {plan: to(1), machine: resolvesTo("2001:db8::1", "2001:db8::2"), found: "1 (2001:db8::10)"},
		"this machine": {plan: to(90_000), machine: resolvesTo("127.0.0.1"), found: "all of 127.0.0.0/8"},
	})
	examine(t, "TCP", map[string]variation{
		"no answer": {plan: to(1), machine: resolvesTo("192.0.2.1"), level: Fail, found: "no answer in 5s", needed: "a connection to 192.0.2.1:80"},
	})
}

// silent starts a server that accepts a connection and sends nothing, and returns its
// address.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

// Every step gives up after the timeout, whatever the context allows.
func TestReachTimesOut(t *testing.T) {
	t.Parallel()
	e := newExamination(t, "wss://"+silent(t))
	e.timeout = 100 * time.Millisecond
	began := time.Now()
	requireLines(t, e.reach(t.Context()), `ok    DNS `, `ok    TCP `,
		`fail  TLS              no answer in 100ms; needed: TLS with 127.0.0.1; to change: `)
	require.GreaterOrEqual(t, time.Since(began), e.timeout)

	e = newExamination(t, "ws://gateway.test")
	e.timeout = time.Minute
	requireDeadline := func(ctx context.Context) {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		require.InDelta(t, time.Minute, time.Until(deadline), float64(30*time.Second))
	}
	var steps []string
	e.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
		steps = append(steps, "resolve")
		requireDeadline(ctx)
		return addresses("192.0.2.1"), nil
	}
	e.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		steps = append(steps, "dial")
		requireDeadline(ctx)
		return nil, context.DeadlineExceeded
	}
	requireLines(t, e.reach(t.Context()), `ok    DNS `,
		`fail  TCP              no answer in 1m0s; needed: a connection to 192.0.2.1:80; to change: routes, security groups, firewalls`)
	require.Equal(t, []string{"resolve", "dial"}, steps)
}

// closeCounter counts the calls of Close.
type closeCounter struct {
	net.Conn
	closed *int
}

func (c closeCounter) Close() error {
	*c.closed++
	return c.Conn.Close()
}

func TestReachLeavesNoConnection(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		scheme := map[bool]string{false: "ws", true: "wss"}[secure]
		server, port := serve(t, secure)
		e := newExamination(t, scheme+"://gateway.test:"+port)
		if secure {
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			e.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "example.com"}
		}
		closed := 0
		e.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return closeCounter{conn, &closed}, err
		}
		for _, f := range e.reach(t.Context()) {
			require.Equal(t, OK, f.Level, f)
		}
		require.Equal(t, 1, closed)
	}
}

func TestPort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint16{
		"ws://a": 80, "http://a": 80, "wss://a": 443, "https://a": 443,
		"ws://a:8080": 8080, "wss://[2001:db8::1]:65535": 65535, "wss://a:65536": 443,
	} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, port(u), text)
	}
}

// Connections go to the first URL only.
func TestDestinationsAreThoseOfTheFirstURL(t *testing.T) {
	t.Parallel()
	e := newExamination(t, "ws://[::ffff:192.0.2.1]:1", "https://192.0.2.2:1")
	e.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.EHOSTUNREACH }
	requireLines(t, e.reach(t.Context()),
		`ok    DNS              ::ffff:192.0.2.1 is an address$`, `fail  TCP `, `ok    DNS `, `fail  TCP `)
	require.Equal(t, addresses("192.0.2.1"), e.destinations)
}

// Ports and addresses are counted by kind, so an IPv4 address must not come as IPv6.
func TestResolveUnmapsAddresses(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]netip.Addr{
		"127.0.0.1": addresses("127.0.0.1"), "::ffff:127.0.0.1": addresses("127.0.0.1"), "::1": addresses("::1"),
	} {
		found, err := resolve(t.Context(), host)
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
}
