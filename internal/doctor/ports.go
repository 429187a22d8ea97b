package doctor

import "fmt"

// The usual range where it has been widened: all ports that aren't privileged.
const (
	widest      = "1024 65535"
	widestPorts = 65535 - 1024 + 1
)

// ports checks ip_local_port_range (ip(7)). Two connections may have the same local port
// unless both their local address and their destination are the same. With k6's
// --local-ips the destination doesn't count, because the port is chosen before the
// destination is known.
func (e *examination) ports() Finding {
	f := Finding{Check: "local ports"}
	ports, err := e.Ports()
	if err != nil {
		return unknown(f.Check)
	}
	free, needed := ports.Free(), e.busiest()
	f.Found = fmt.Sprintf("%d %s (sysctl net.ipv4.ip_local_port_range is %d %d)", free, e.portsOf(), ports.First, ports.Last)
	f.Needed = fmt.Sprint(needed)
	waiting, _ := e.TimeWait() // zero if it can't be read
	switch {
	case needed > free:
		f.Level = Fail
		f.Change = e.morePorts(free, needed)
	case needed+waiting > free:
		f.Level = Warn
		f.Change = fmt.Sprintf("wait a minute: %d closed connections still have their ports (TIME-WAIT)", waiting)
	}
	return f
}

// busiest returns how many connections need different ports: those of the busiest local
// address, or to the busiest destination.
func (e *examination) busiest() int {
	if n := len(e.LocalIPs); n > 0 { // VUs use them in turn
		return min(e.Connections, divideUp(e.vus(), n)*e.PerVU*e.Processes)
	}
	n := max(1, len(e.destinations))
	share := divideUp(e.Connections, n)
	if n > 1 { // each connection chooses at random, so the shares differ
		share += share / 20
	}
	return share
}

// portsOf describes the connections that need different ports.
func (e *examination) portsOf() string {
	switch {
	case len(e.LocalIPs) > 0:
		return fmt.Sprintf("of each of the %d local addresses", len(e.LocalIPs))
	case len(e.destinations) > 1:
		return fmt.Sprintf("to each of the gateway's %d addresses", len(e.destinations))
	default:
		return "to one address of the gateway"
	}
}

// morePorts returns how to get enough ports where there are free and needed are too many.
func (e *examination) morePorts(free, needed int) string {
	widen := fmt.Sprintf("sysctl -w net.ipv4.ip_local_port_range=%q", widest)
	switch {
	case free >= widestPorts || free <= 0:
		return e.moreAddresses(max(1, free))
	case needed <= widestPorts:
		return widen + ", or " + e.moreAddresses(free)
	default:
		return e.moreAddresses(free) + fmt.Sprintf(" (%d with %s)", divideUp(e.Connections, widestPorts), widen)
	}
}

// moreAddresses returns how to use enough local addresses, with free ports each.
func (e *examination) moreAddresses(free int) string {
	n := divideUp(e.Connections, free)
	if n > e.vus() {
		return fmt.Sprintf("k6's --local-ips with %d addresses, and fewer connections in a VU, which has one of them", n)
	}
	return fmt.Sprintf("k6's --local-ips with %d addresses", n)
}
