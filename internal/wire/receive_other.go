//go:build !linux

package wire

import "net"

// newReceiver says that this system isn't asked for arrival times.
func newReceiver(net.Conn) (receiver, bool) { return nil, false }
