package wire

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Linux merges what waits in a socket's receive queue, and the newest time
// stays. It doesn't while the sender on the same host still holds the older
// data because they aren't acknowledged, which a receiver may put off by 40 ms
// and more: that is how these tests have two segments waiting side by side.
const apart = 20 * time.Millisecond

func TestWaitingFramesKeepTheirTimes(t *testing.T) {
	t.Parallel()
	for name, frames := range map[string][2]string{
		"short":      {frame(final|text, "thirteen bytes"[:13]), frame(final|text, "and the same again")},
		"medium":     {frame(final|text, strings.Repeat("a", 200)), frame(final|text, strings.Repeat("b", 200))},
		"control":    {frame(final|text, strings.Repeat("a", 20)) + frame(final|ping, ""), frame(final|text, "b")},
		"fragmented": {frame(text, strings.Repeat("a", 50)) + frame(final|continuation, ""), frame(final|text, "b")},
	} {
		for way, secure := range map[string]bool{"plain": false, "tls": true} {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				to, say, said := onDemand(t, secure)
				socket := remember(to)
				conn := dial(t, to)
				warm(t, conn, say, said)
				for range 50 { // the machine may be slower than the acknowledgement
					postponeAcknowledgement(t, *socket)
					say <- frames[0]
					<-said
					time.Sleep(apart)
					say <- frames[1]
					<-said
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

// Merged or not, no message is dated before it was sent, nor later than the
// newest that waits behind it.
func TestTimesOfAQueueAreBounded(t *testing.T) {
	t.Parallel()
	const messages = 5
	to, say, said := onDemand(t, false)
	conn := dial(t, to)
	warm(t, conn, say, said)
	var sent, written [messages]time.Time
	for i := range messages {
		sent[i] = time.Now()
		say <- frame(final|text, "a message that carries a time")
		<-said
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
		t.Logf("dated %v late", m.Arrived.Sub(sent[i]).Round(time.Millisecond))
	}
}

// remember keeps the socket that the target's dialer opens.
func remember(to *Target) *net.Conn {
	socket := new(net.Conn)
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		conn, err = inner(ctx, network, addr)
		*socket = conn
		return conn, err
	}
	return socket
}

// postponeAcknowledgement has the kernel wait with the next one.
func postponeAcknowledgement(t *testing.T, socket net.Conn) {
	t.Helper()
	raw, err := socket.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 0)
	}))
	require.NoError(t, err)
}
