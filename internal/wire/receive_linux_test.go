package wire

import (
	"context"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// apart is the time between two frames that wait in the receive queue together. Linux
// merges them there, and keeps the newer time, except while the sender on the same
// host still holds the older one because it isn't acknowledged. A receiver may put
// the acknowledgement off by 40 ms and more, which these tests make it do.
const apart = 20 * time.Millisecond

func TestWaitingFramesKeepTheirTimes(t *testing.T) {
	t.Parallel()
	for name, frames := range map[string][2]string{
		"short":      {frame(final|text, "thirteen bytes"[:13]), frame(final|text, "and the same again")},
		"medium":     {frame(final|text, strings.Repeat("a", 200)), frame(final|text, strings.Repeat("b", 200))},
		"control":    {frame(final|text, strings.Repeat("a", 20)) + frame(final|ping, ""), frame(final|text, "b")},
		"fragmented": {frame(text, strings.Repeat("a", 50)) + frame(final|continuation, ""), frame(final|text, "b")},
		"control between fragments": {
			frame(text, strings.Repeat("a", 50)) + frame(final|ping, "") + frame(final|continuation, ""), frame(final|text, "b"),
		},
	} {
		for way, secure := range map[string]bool{"plain": false, "tls": true} {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				to, send := onDemand(t, secure)
				socket := keepSocket(to)
				conn := dial(t, to)
				awaitKernelTime(t, conn, send)
				for range 50 { // the machine may be slower than the acknowledgement
					postponeAcknowledgement(t, *socket)
					send(frames[0])
					time.Sleep(apart)
					send(frames[1])
					first, second := read(t, conn).Arrived, read(t, conn).Arrived
					if first.Equal(second) { // merged, or read together
						continue
					}
					require.GreaterOrEqual(t, second.Sub(first), apart/2)
					return
				}
				t.Fatal("two frames never had two times")
			})
		}
	}
}

// Merged or not, no message is dated before it was sent, nor later than the newest in
// the queue.
func TestTimesOfAQueueAreBounded(t *testing.T) {
	t.Parallel()
	const messages = 5
	to, send := onDemand(t, false)
	conn := dial(t, to)
	awaitKernelTime(t, conn, send)
	var sent, written [messages]time.Time
	for i := range messages {
		sent[i] = time.Now()
		send(frame(final|text, "a message long enough for a stamp"))
		written[i] = time.Now()
		time.Sleep(margin)
	}
	last := time.Time{}
	for i := range messages {
		m := read(t, conn)
		require.GreaterOrEqual(t, m.Arrived.Sub(sent[i]), -margin/2)
		require.LessOrEqual(t, m.Arrived.Sub(written[messages-1]), margin/2)
		require.False(t, m.Arrived.Before(last))
		last = m.Arrived
	}
}

// keepSocket keeps the socket that the target's dialer opens.
func keepSocket(to *Target) *net.Conn {
	socket := new(net.Conn)
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		conn, err = inner(ctx, network, addr)
		*socket = conn
		return conn, err
	}
	return socket
}

// postponeAcknowledgement has the kernel put off the next acknowledgement.
func postponeAcknowledgement(t *testing.T, socket net.Conn) {
	t.Helper()
	raw, err := socket.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
	}))
	require.NoError(t, err)
}

func TestArrivalInAControlMessage(t *testing.T) {
	t.Parallel()
	const whole = int(unsafe.Sizeof(unix.Cmsghdr{}) + unsafe.Sizeof(unix.Timespec{}))
	for name, test := range map[string]struct {
		level, kind int32
		length      int
		want        time.Time
	}{
		"a time":        {unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, whole, time.Unix(1_700_000_000, 123_456_789)},
		"none":          {length: 0},
		"cut":           {unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, whole - 1, time.Time{}},
		"another level": {unix.SOL_TCP, unix.SO_TIMESTAMPNS, whole, time.Time{}},
		"another type":  {unix.SOL_SOCKET, unix.SO_TIMESTAMP, whole, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c control
			message := (*struct {
				head unix.Cmsghdr
				time unix.Timespec
			})(unsafe.Pointer(&c))
			message.head.Level, message.head.Type = test.level, test.kind
			message.time = unix.NsecToTimespec(1_700_000_000_123_456_789)
			require.True(t, test.want.Equal(c.arrival(test.length)), c.arrival(test.length))
		})
	}
}

// pair is a kernelReceiver and the other end of its connection.
func pair(t *testing.T) (*kernelReceiver, *net.TCPConn) {
	t.Helper()
	peer := make(chan *net.TCPConn, 1)
	release := make(chan struct{})
	to := tcpGateway(t, func(socket net.Conn) {
		peer <- socket.(*net.TCPConn)
		<-release
	})
	t.Cleanup(func() { close(release) })
	conn, err := net.Dial("tcp", to.URL.Host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(hangTimeout)))
	r, ok := newReceiver(conn)
	require.True(t, ok)
	return r.(*kernelReceiver), <-peer
}

func TestKernelReceiver(t *testing.T) {
	t.Parallel()
	r, peer := pair(t)
	n, arrival, err := r.receive(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	require.True(t, arrival.IsZero())

	write(t, peer, "hello")
	buffer := make([]byte, 3)
	n, _, err = r.receive(buffer)
	require.NoError(t, err)
	require.Equal(t, "hel", string(buffer[:n]))
	n, _, err = r.receive(buffer)
	require.NoError(t, err)
	require.Equal(t, "lo", string(buffer[:n]))

	require.NoError(t, peer.CloseWrite())
	n, _, err = r.receive(buffer)
	require.Equal(t, io.EOF, err)
	require.Zero(t, n)
}

func TestKernelReceiverReturnsTheErrorOfTheSocket(t *testing.T) {
	t.Parallel()
	r, peer := pair(t)
	require.NoError(t, peer.SetLinger(0)) // closing sends a reset
	require.NoError(t, peer.Close())
	_, _, err := r.receive(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.ErrorContains(t, err, "recvmsg: ")
	_, _, err = r.receive(make([]byte, 1))
	require.Equal(t, io.EOF, err, "the kernel reports a reset once")
}

func TestKernelReceiverHeedsDeadlines(t *testing.T) {
	t.Parallel()
	to := rawGateway(t, func(socket net.Conn, accept string) {
		write(t, socket, switching(accept))
		_, _ = io.Copy(io.Discard, socket)
	})
	conn := dial(t, to)
	require.NotNil(t, conn.arrivals)
	require.NoError(t, conn.socket.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err := conn.Read()
	requireTimeout(t, err)
}
