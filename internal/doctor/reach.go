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

// reach checks each URL of the gateway as far as is possible without credentials: DNS,
// TCP and TLS. It sets the destinations.
func (e *examination) reach(ctx context.Context) []Finding {
	var found []Finding
	for i, gateway := range e.Gateway {
		addresses, resolved := e.lookUp(ctx, gateway)
		if i == 0 {
			e.destinations = addresses
		}
		found = append(found, resolved)
		if len(addresses) > 0 {
			found = append(found, e.connect(ctx, gateway, addresses[0])...)
		}
	}
	return found
}

// lookUp returns the addresses that k6 would choose from: the IPv4 addresses if there
// are any, as is the default of k6's option dns.
func (e *examination) lookUp(ctx context.Context, gateway *url.URL) ([]netip.Addr, Finding) {
	f := Finding{Check: "DNS", Change: "the URL, or k6's options dns and hosts"}
	host := gateway.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		f.Found = host + " is an address"
		return []netip.Addr{address.Unmap()}, f
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	addresses, err := e.Resolve(ctx, host)
	if ipv4 := slices.DeleteFunc(slices.Clone(addresses), netip.Addr.Is6); len(ipv4) > 0 {
		addresses = ipv4
	}
	if err == nil && len(addresses) == 0 {
		err = fmt.Errorf("lookup %s: no address", host)
	}
	if err != nil {
		f.Level, f.Found, f.Needed = Fail, e.reason(err), "an address"
		return nil, f
	}
	f.Found = fmt.Sprintf("%s: %s", host, list(addresses))
	return addresses, f
}

// connect opens a TCP connection and, for wss and https, does a TLS handshake on it.
func (e *examination) connect(ctx context.Context, gateway *url.URL, address netip.Addr) []Finding {
	f := Finding{Check: "TCP", Change: "routes, security groups, firewalls"}
	to := netip.AddrPortFrom(address, port(gateway)).String()
	dialling, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	began := time.Now()
	conn, err := e.Dial(dialling, "tcp", to)
	if err != nil {
		f.Level, f.Found, f.Needed = Fail, e.reason(limits.Explain(err)), "a connection to "+to
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
	return []Finding{f, e.handshake(ctx, gateway.Hostname(), conn)}
}

// handshake does a TLS handshake on conn.
func (e *examination) handshake(ctx context.Context, host string, conn net.Conn) Finding {
	f := Finding{Check: "TLS", Change: "the URL: nothing speaks TLS at that port"}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	client := tls.Client(conn, wire.TLSConfig(e.TLS, host))
	if err := client.HandshakeContext(ctx); err != nil {
		f.Level, f.Found, f.Needed = Fail, e.reason(err), "TLS with "+host
		if untrusted := (*tls.CertificateVerificationError)(nil); errors.As(err, &untrusted) {
			f.Needed = "a certificate of " + host
			f.Change = "the gateway's certificate; a script may have insecureSkipTLSVerify"
		}
		return f
	}
	f.Found = fmt.Sprintf("%s with %s", tls.VersionName(client.ConnectionState().Version), host)
	return f
}

// reason returns what a finding says of the error of a step.
func (e *examination) reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer in %s", e.timeout)
	}
	return err.Error()
}

func secure(u *url.URL) bool { return u.Scheme == "wss" || u.Scheme == "https" }

// port returns the URL's port, or the default of its scheme.
func port(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if secure(u) {
		return 443
	}
	return 80
}

// resolve returns the addresses of a host.
func resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range addresses {
		addresses[i] = addresses[i].Unmap()
	}
	return addresses, err
}
