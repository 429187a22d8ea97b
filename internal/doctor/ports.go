package doctor

import "fmt"

// Who widens the range of ports usually widens it to this.
const (
	widest      = "1024 65535"
	widestPorts = 65535 - 1024 + 1
)

// ports looks at ip_local_port_range (ip(7)). A connection needs a local port of
// its own among those from one local address to one destination. One that is to
// have a certain local address, by k6's --local-ips, needs one among all those
// from it, for the port is chosen before the destination is known.
func (e *examination) ports() Finding {
	f := Finding{Check: "local ports"}
	ports, err := e.Ports()
	if err != nil {
		return unknown(f.Check)
	}
	free, needed := ports.Free(), e.busiest()
	f.Found = fmt.Sprintf("%d %s (sysctl net.ipv4.ip_local_port_range is %d %d)", free, e.portsOf(), ports.First, ports.Last)
	f.Needed = fmt.Sprint(needed)
	waiting, _ := e.TimeWait() // none, if it can't be told
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

// busiest is how many connections need ports of the same kind.
func (e *examination) busiest() int {
	if n := len(e.LocalIPs); n > 0 { // each VU has one of them, by turns
		return min(e.Connections, divide(e.vus(), n)*e.PerVU*e.Processes)
	}
	n := max(1, len(e.destinations))
	share := divide(e.Connections, n)
	if n > 1 { // each connection has one of them, by chance
		share += share / 20
	}
	return share
}

// portsOf says of what kind these are.
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

func (e *examination) morePorts(free, needed int) string {
	widen := fmt.Sprintf("sysctl -w net.ipv4.ip_local_port_range=%q", widest)
	switch {
	case free >= widestPorts || free <= 0:
		return e.moreAddresses(max(1, free))
	case needed <= widestPorts:
		return widen + ", or " + e.moreAddresses(free)
	default:
		return e.moreAddresses(free) + fmt.Sprintf(" (%d with %s)", divide(e.Connections, widestPorts), widen)
	}
}

// moreAddresses says how many local addresses it takes where each has that many
// ports.
func (e *examination) moreAddresses(free int) string {
	n := divide(e.Connections, free)
	if n > e.vus() {
		return fmt.Sprintf("k6's --local-ips with %d addresses, and fewer connections in a VU, which has one of them", n)
	}
	return fmt.Sprintf("k6's --local-ips with %d addresses", n)
}
