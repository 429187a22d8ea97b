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

	"github.com/stretchr/testify/require"
)

// visitor is an examination with gateways at these URLs, and with a resolver that
// knows gateway.test.
func visitor(t *testing.T, gateways ...string) *examination {
	t.Helper()
	e := &examination{Plan: plan(), Machine: machine(files())}
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

// serve returns a server's port.
func serve(t *testing.T, secure bool) (server *httptest.Server, port string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that end early
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

// requireLines compares the beginnings of what was found.
func requireLines(t *testing.T, found []Finding, lines ...string) {
	t.Helper()
	require.Len(t, found, len(lines), found)
	for i, line := range lines {
		require.Regexp(t, "^"+line, found[i].String())
		require.NotContains(t, found[i].String(), "secret")
	}
}

func TestAGatewayIsReached(t *testing.T) {
	t.Parallel()
	_, port := serve(t, false)
	requireLines(t, visitor(t, "ws://gateway.test:"+port+"/dev?key=secret").reach(t.Context()),
		`ok    DNS              gateway.test: 1 \(127.0.0.1\)$`,
		`ok    TCP              127.0.0.1:`+port+` answers in \d`)
	requireLines(t, visitor(t, "ws://127.0.0.1:"+port).reach(t.Context()),
		`ok    DNS              127.0.0.1 is an address$`,
		`ok    TCP              127.0.0.1:`+port+` answers in \d`)
}

func TestAGatewayIsReachedWithTLS(t *testing.T) {
	t.Parallel()
	server, port := serve(t, true)
	e := visitor(t, "wss://gateway.test:"+port, "https://gateway.test:"+port+"/graphql")
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	e.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ServerName: "example.com"} // whom it is for
	requireLines(t, e.reach(t.Context()),
		`ok    DNS              gateway.test`, `ok    TCP              127`, `ok    TLS              TLS 1.3 with gateway.test$`,
		`ok    DNS              gateway.test`, `ok    TCP              127`, `ok    TLS              TLS 1.3 with gateway.test$`)
}

func TestAGatewayThatNobodyTrusts(t *testing.T) {
	t.Parallel()
	_, port := serve(t, true)
	requireLines(t, visitor(t, "wss://gateway.test:"+port).reach(t.Context()),
		`ok    DNS `, `ok    TCP `,
		`fail  TLS              tls: failed to verify certificate: .*; needed: a certificate of gateway.test; to change: the gateway's`)
}

func TestAGatewayThatIsNotReached(t *testing.T) {
	t.Parallel()
	closed, port := serve(t, false)
	closed.Close()
	requireLines(t, visitor(t, "wss://gateway.test:"+port).reach(t.Context()), `ok    DNS `,
		`fail  TCP              dial tcp 127.0.0.1:`+port+`: .*refused.*; needed: a connection to 127.0.0.1:`+port+`; to change: the URL's port`)
	plain, port := serve(t, false)
	defer plain.Close()
	requireLines(t, visitor(t, "wss://gateway.test:"+port).reach(t.Context()), `ok    DNS `, `ok    TCP `,
		`fail  TLS              tls: .*; needed: TLS with gateway.test; to change: the URL: nothing speaks TLS`)

	e := visitor(t, "ws://gateway.test", "https://gateway.test")
	var dialled []string
	e.Dial = func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
	}
	requireLines(t, e.reach(t.Context()),
		`ok    DNS `, `fail  TCP              .*: this process may open \d+ \(ulimit -n\)`, `ok    DNS `, `fail  TCP `)
	require.Equal(t, []string{"127.0.0.1:80", "127.0.0.1:443"}, dialled)
}

func TestANameThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	for host, says := range map[string]string{
		"nowhere.test": "lookup nowhere.test: no such host",
		"empty.test":   "lookup empty.test: no address",
		"silent.test":  "no answer in 5s",
	} {
		requireLines(t, visitor(t, "wss://"+host+"/dev").reach(t.Context()),
			`fail  DNS              `+says+`; needed: an address; to change: the URL, or k6's options dns and hosts$`)
	}
}

// TestWhereConnectionsGo: what a name leads to matters for ports and addresses.
func TestWhereConnectionsGo(t *testing.T) {
	t.Parallel()
	leadsTo := func(all ...string) func(*Machine) {
		return func(h *Machine) {
			h.Resolve = func(context.Context, string) ([]netip.Addr, error) { return addresses(all...), nil }
			h.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, context.DeadlineExceeded }
		}
	}
	to := func(n int) func(*Plan) {
		return func(p *Plan) {
			p.Connections, p.Gateway = n, []*url.URL{{Scheme: "ws", Host: "gateway.test"}}
		}
	}
	examine(t, "local ports", map[string]differing{
		"one address":         {plan: to(30_000), host: leadsTo("192.0.2.1"), level: Fail, needed: "30000"},
		"two addresses":       {plan: to(30_000), host: leadsTo("192.0.2.1", "192.0.2.2"), found: "28232 to each of the gateway's 2 addresses", needed: "15750"},
		"IPv4 goes before":    {plan: to(30_000), host: leadsTo("2001:db8::1", "192.0.2.2"), level: Fail, needed: "30000"},
		"many, and still few": {plan: to(90_000), host: leadsTo("192.0.2.1", "192.0.2.2", "192.0.2.3"), level: Fail, needed: "31500"},
	})
	examine(t, "local addresses", map[string]differing{
		"IPv6":         {plan: to(1), host: leadsTo("2001:db8::1", "2001:db8::2"), found: "1 (2001:db8::10)"},
		"this machine": {plan: to(90_000), host: leadsTo("127.0.0.1"), found: "all of 127.0.0.0/8"},
	})
	examine(t, "TCP", map[string]differing{
		"no answer": {plan: to(1), host: leadsTo("192.0.2.1"), level: Fail, found: "no answer in 5s", needed: "a connection to 192.0.2.1:80"},
	})
}
