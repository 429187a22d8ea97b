package doctor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// addresses checks the local addresses: those of --local-ips or, without, whether the
// machine has enough of them.
func (e *examination) addresses() Finding {
	if len(e.LocalIPs) > 0 {
		return e.givenAddresses()
	}
	f := Finding{Check: "local addresses"}
	if e.loopback() {
		f.Found = "all of 127.0.0.0/8, for the gateway is on this machine"
		return f
	}
	own, err := e.Addresses()
	if err != nil {
		return unknown(f.Check)
	}
	own = slices.DeleteFunc(own, func(a netip.Addr) bool { return !e.usable(a) })
	needed := 1
	if ports, err := e.Ports(); err == nil && ports.Free() > 0 {
		needed = divideUp(e.busiest(), ports.Free())
	}
	f.Found = list(own)
	f.Needed = fmt.Sprint(needed)
	if len(own) < needed {
		f.Level = Warn
		f.Change = "ip address add ADDRESS dev DEVICE, or what local ports says"
	}
	return f
}

// givenAddresses checks that the addresses of --local-ips are this machine's.
func (e *examination) givenAddresses() Finding {
	f := Finding{Check: "local addresses", Found: fmt.Sprintf("all %d of --local-ips", len(e.LocalIPs))}
	var foreign []netip.Addr
	for _, address := range e.LocalIPs {
		if e.Bind(address) != nil {
			foreign = append(foreign, address)
		}
	}
	if len(foreign) > 0 {
		f.Level = Fail
		f.Found = fmt.Sprintf("not this machine's: %s", list(foreign))
		f.Needed = "every address of --local-ips"
		f.Change = fmt.Sprintf("ip address add %s dev DEVICE", foreign[0])
	}
	return f
}

// usable reports whether connections to the gateway can have a as their local address.
func (e *examination) usable(a netip.Addr) bool {
	ipv6 := len(e.destinations) > 0 && e.destinations[0].Is6()
	return a.IsGlobalUnicast() && a.Is6() == ipv6
}

// loopback reports whether the gateway is on this machine, at an IPv4 address. Unlike
// 127.0.0.0/8, IPv6 has a single loopback address.
func (e *examination) loopback() bool {
	return len(e.destinations) > 0 && !slices.ContainsFunc(e.destinations, func(a netip.Addr) bool {
		return !a.IsLoopback() || a.Is6()
	})
}

// list returns the number of addresses and shows the first of them.
func list(addresses []netip.Addr) string {
	const shown = 4
	var names []string
	for _, a := range addresses[:min(shown, len(addresses))] {
		names = append(names, a.String())
	}
	text := fmt.Sprintf("%d", len(addresses))
	if len(names) > 0 {
		text += " (" + strings.Join(names, ", ")
		if len(addresses) > shown {
			text += ", …"
		}
		text += ")"
	}
	return text
}

// ownAddresses returns the addresses of this machine's network interfaces.
func ownAddresses() ([]netip.Addr, error) {
	found, err := net.InterfaceAddrs()
	var own []netip.Addr
	for _, address := range found {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own = append(own, prefix.Addr())
		}
	}
	return own, err
}

// bind gives the address to a UDP socket. That needs the same permission as a TCP socket,
// and takes no port that a connection may need.
func bind(a netip.Addr) error {
	if !a.IsValid() {
		return errors.New("not an address")
	}
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return err
	}
	return socket.Close()
}
