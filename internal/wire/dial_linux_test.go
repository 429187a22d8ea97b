package wire

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The dialer asks for keep-alive probes, and yet no connection sends any.
func TestKeepAliveIsDisabled(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, untilClosed)
		to.Timestamps = timestamps
		dialer := k6Dialer(net.LookupIP)
		dialer.KeepAlive = 1
		var socket syscall.RawConn
		dialer.Control = func(_, _ string, raw syscall.RawConn) error {
			socket = raw
			return nil
		}
		to.DialContext = dialer.DialContext
		dial(t, to)
		var asked int
		var failed error
		require.NoError(t, socket.Control(func(fd uintptr) {
			asked, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
		}))
		require.NoError(t, failed)
		require.Zero(t, asked)
	})
}
