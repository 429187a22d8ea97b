package doctor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// addresses looks at the local addresses: at those that are to be used, or else at
// what there is to use.
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
		needed = divide(e.busiest(), ports.Free())
	}
	f.Found = list(own)
	f.Needed = fmt.Sprint(needed)
	if len(own) < needed {
		f.Level = Warn
		f.Change = "ip address add ADDRESS dev DEVICE, or what local ports says"
	}
	return f
}

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

// usable tells whether connections to the gateway could come from an address.
func (e *examination) usable(a netip.Addr) bool {
	six := len(e.destinations) > 0 && e.destinations[0].Is6()
	return a.IsGlobalUnicast() && a.Is6() == six
}

// loopback tells whether the gateway is on this machine.
func (e *examination) loopback() bool {
	return len(e.destinations) > 0 && !slices.ContainsFunc(e.destinations, func(a netip.Addr) bool {
		return !a.IsLoopback() || a.Is6()
	})
}

// list shows a few of the addresses.
func list(addresses []netip.Addr) string {
	const few = 4
	var names []string
	for _, a := range addresses[:min(few, len(addresses))] {
		names = append(names, a.String())
	}
	text := fmt.Sprintf("%d", len(addresses))
	if len(names) > 0 {
		text += " (" + strings.Join(names, ", ")
		if len(addresses) > few {
			text += ", …"
		}
		text += ")"
	}
	return text
}

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

// bind has a UDP socket take the address, which asks for the same permission and
// for no port that a connection may need.
func bind(a netip.Addr) error {
	if !a.IsValid() {
		return errors.New("it isn't an address")
	}
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 0)))
	if err != nil {
		return err
	}
	return socket.Close()
}
