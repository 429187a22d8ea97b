package limits

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// noAddress is the limit behind "cannot assign requested address": connect(2)
// found no port that is free for its destination, or bind(2), which k6's
// --local-ips lead to, was given an address of somebody else's.
func (s System) noAddress(err error) string {
	local, remote := ends(err)
	switch {
	case bound(err):
		return fmt.Sprintf("the local address %s (--local-ips) isn't one of this machine's", local)
	case remote != nil && remote.To4() == nil:
		return "this machine has no IPv6 address, or all its ports for this destination are taken" + s.widen()
	default:
		return "all local ports for this destination are taken" + s.widen()
	}
}

// noPort is the limit behind "address already in use" of bind(2), which comes
// before connect(2) and so wants a port that is free for all destinations (ip(7),
// IP_BIND_ADDRESS_NO_PORT).
func (s System) noPort(err error) string {
	local, _ := ends(err)
	return fmt.Sprintf("all ports of the local address %s (--local-ips) are taken%s", local, s.widen())
}

func (s System) widen() string {
	found := ""
	if p, err := s.Ports(); err == nil {
		found = fmt.Sprintf(" (%d, sysctl net.ipv4.ip_local_port_range is %d %d)", p.Free(), p.First, p.Last)
	}
	return found + ": widen the range, or give k6 more addresses with --local-ips"
}

// bound tells whether it was bind(2) that failed.
func bound(err error) bool {
	var call *os.SyscallError
	return errors.As(err, &call) && call.Syscall == "bind"
}

// ends are the addresses that were to be connected, as far as the error has them.
func ends(err error) (local, remote net.IP) {
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
