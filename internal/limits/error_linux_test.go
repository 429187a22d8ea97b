package limits

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The limit is reached in a child process, where it is low and no other test needs files.
func TestTooManyFiles(t *testing.T) {
	const child = "TEST_TOO_MANY_FILES"
	if os.Getenv(child) == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTooManyFiles$", "-test.v")
		command.Env = append(os.Environ(), child+"=yes")
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
		require.Contains(t, string(output), "--- PASS: TestTooManyFiles")
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: 200}))
	var opened []*os.File
	for {
		file, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		require.NoError(t, err)
		opened = append(opened, file)
	}
	_, dialled := net.Dial("tcp", listener.Addr().String())
	_, lookedUp := (&net.Resolver{PreferGo: true}).LookupHost(t.Context(), "gateway.test")
	for _, file := range opened {
		require.NoError(t, file.Close())
	}
	for _, err := range []error{dialled, lookedUp} {
		require.ErrorIs(t, Explain(err), syscall.EMFILE, "%v", err)
		require.ErrorContains(t, Explain(err), "this process may open 100 (ulimit -n)")
	}
}

// localPortRange is the socket option IP_LOCAL_PORT_RANGE (ip(7), Linux 6.3), which
// narrows the range for one socket.
const localPortRange = 51

// exhaustPorts dials the listeners in turn from a range of four local ports, until none is
// left, and returns the error.
func exhaustPorts(t *testing.T, local net.Addr, listeners ...net.Listener) error {
	t.Helper()
	const first, last = 41_000, 41_003
	dialer := &net.Dialer{LocalAddr: local, Control: func(_, _ string, conn syscall.RawConn) error {
		var failed error
		err := conn.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, localPortRange, last<<16|first)
		})
		return errors.Join(err, failed)
	}}
	for i := range last - first + 1 {
		conn, err := dialer.DialContext(t.Context(), "tcp", listeners[i%len(listeners)].Addr().String())
		if errors.Is(err, unix.ENOPROTOOPT) {
			t.Skip("the kernel can't narrow the range")
		}
		if err != nil { // another process has one of them
			return err
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	_, err := dialer.DialContext(t.Context(), "tcp", listeners[0].Addr().String())
	require.Error(t, err)
	return err
}

func listenOn(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func TestNoPortForADestination(t *testing.T) {
	t.Parallel()
	err := Explain(exhaustPorts(t, nil, listenOn(t, "127.0.0.71:0")))
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	require.ErrorContains(t, err, "all local ports for this destination are taken")
}

// A port of a given local address is taken for all destinations.
func TestNoPortOfALocalAddress(t *testing.T) {
	t.Parallel()
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 72)}
	err := Explain(exhaustPorts(t, local, listenOn(t, "127.0.0.73:0"), listenOn(t, "127.0.0.74:0")))
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, "all ports of the local address 127.0.0.72 (--local-ips) are taken")
}

func TestLocalAddressOfAnotherMachine(t *testing.T) {
	t.Parallel()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(198, 51, 100, 77)}}
	_, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:9")
	err = Explain(err)
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	require.ErrorContains(t, err, "the local address 198.51.100.77 (--local-ips) isn't one of this machine's")
}
