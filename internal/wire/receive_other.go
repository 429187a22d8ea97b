//go:build !linux

package wire

import "net"

// newReceiver returns none: arrival times are implemented for Linux only.
func newReceiver(net.Conn) (receiver, bool) { return nil, false }
