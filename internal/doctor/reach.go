package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/limits"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// patience is how long each step of reaching the gateway may take.
const patience = 5 * time.Second

// reach goes to the gateway as far as a connection can without credentials, and
// notes where its name leads to.
func (e *examination) reach(ctx context.Context) []Finding {
	var found []Finding
	for i, gateway := range e.Gateway {
		addresses, looked := e.lookUp(ctx, gateway)
		if i == 0 {
			e.destinations = addresses
		}
		found = append(found, looked)
		if len(addresses) > 0 {
			found = append(found, e.connect(ctx, gateway, addresses[0])...)
		}
	}
	return found
}

// lookUp finds the addresses that k6 would choose from: those of IPv4, if there
// are any (its option dns, by default).
func (e *examination) lookUp(ctx context.Context, gateway *url.URL) ([]netip.Addr, Finding) {
	f := Finding{Check: "DNS", Change: "the URL, or k6's options dns and hosts"}
	host := gateway.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		f.Found = host + " is an address"
		return []netip.Addr{address.Unmap()}, f
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	addresses, err := e.Resolve(ctx, host)
	if four := slices.DeleteFunc(slices.Clone(addresses), netip.Addr.Is6); len(four) > 0 {
		addresses = four
	}
	if err != nil || len(addresses) == 0 {
		f.Level, f.Found, f.Needed = Fail, reason(err, "lookup "+host+": no address"), "an address"
		return nil, f
	}
	f.Found = fmt.Sprintf("%s: %s", host, list(addresses))
	return addresses, f
}

// connect opens a TCP connection and, if it is to be, one of TLS over it.
func (e *examination) connect(ctx context.Context, gateway *url.URL, address netip.Addr) []Finding {
	f := Finding{Check: "TCP", Change: "routes, security groups, firewalls"}
	to := netip.AddrPortFrom(address, port(gateway)).String()
	dialling, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	conn, err := e.Dial(dialling, "tcp", to)
	if err != nil {
		f.Level, f.Found, f.Needed = Fail, reason(limits.Explain(err), ""), "a connection to "+to
		if errors.Is(err, syscall.ECONNREFUSED) {
			f.Change = "the URL's port, or whether the gateway is running there"
		}
		return []Finding{f}
	}
	defer func() { _ = conn.Close() }()
	f.Found = fmt.Sprintf("%s answers in %s", to, time.Since(began).Round(10*time.Microsecond))
	if !secure(gateway) {
		return []Finding{f}
	}
	return []Finding{f, e.shakeHands(ctx, gateway.Hostname(), conn)}
}

func (e *examination) shakeHands(ctx context.Context, host string, conn net.Conn) Finding {
	f := Finding{Check: "TLS", Change: "the URL: nothing speaks TLS at that port"}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := tls.Client(conn, wire.TLSConfig(e.TLS, host))
	if err := client.HandshakeContext(ctx); err != nil {
		f.Level, f.Found, f.Needed = Fail, reason(err, ""), "TLS with "+host
		if untrusted := (*tls.CertificateVerificationError)(nil); errors.As(err, &untrusted) {
			f.Needed = "a certificate of " + host
			f.Change = "the gateway's certificate; a script may have insecureSkipTLSVerify"
		}
		return f
	}
	f.Found = fmt.Sprintf("%s with %s", tls.VersionName(client.ConnectionState().Version), host)
	return f
}

// reason is why it failed, in words.
func reason(err error, otherwise string) string {
	switch {
	case err == nil:
		return otherwise
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer in %s", patience)
	default:
		return err.Error()
	}
}

func secure(u *url.URL) bool { return u.Scheme == "wss" || u.Scheme == "https" }

// port is the URL's, or its scheme's.
func port(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if secure(u) {
		return 443
	}
	return 80
}

func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	return addresses, err
}
