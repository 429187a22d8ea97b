package limits

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// explainNoAddress explains "cannot assign requested address": connect(2) found no free
// port for its destination, or bind(2), which k6 calls for --local-ips, was given an
// address that this machine doesn't have.
func (s System) explainNoAddress(err error) string {
	local, remote := addresses(err)
	switch {
	case fromBind(err):
		return fmt.Sprintf("the local address %s (--local-ips) isn't one of this machine's", local)
	case remote != nil && remote.To4() == nil:
		return "this machine has no IPv6 address, or all its ports for this destination are taken" + s.widenPorts()
	default:
		return "all local ports for this destination are taken" + s.widenPorts()
	}
}

// explainNoPort explains "address already in use" from bind(2). It is called before
// connect(2), so it needs a port that is free for all destinations (ip(7),
// IP_BIND_ADDRESS_NO_PORT).
func (s System) explainNoPort(err error) string {
	local, _ := addresses(err)
	return fmt.Sprintf("all ports of the local address %s (--local-ips) are taken%s", local, s.widenPorts())
}

// widenPorts returns how many ports there are, if that can be read, and how to get more.
func (s System) widenPorts() string {
	found := ""
	if p, err := s.Ports(); err == nil {
		found = fmt.Sprintf(" (%d, sysctl net.ipv4.ip_local_port_range is %d %d)", p.Free(), p.First, p.Last)
	}
	return found + ": widen the range, or give k6 more addresses with --local-ips"
}

// fromBind reports whether err comes from bind(2).
func fromBind(err error) bool {
	var call *os.SyscallError
	return errors.As(err, &call) && call.Syscall == "bind"
}

// addresses returns the addresses of the connection that failed, or nil where err
// doesn't have them.
func addresses(err error) (local, remote net.IP) {
	var operation *net.OpError
	if !errors.As(err, &operation) {
		return nil, nil
	}
	return ip(operation.Source), ip(operation.Addr)
}

func ip(address net.Addr) net.IP {
	if tcp, ok := address.(*net.TCPAddr); ok {
		return tcp.IP
	}
	return nil
}
