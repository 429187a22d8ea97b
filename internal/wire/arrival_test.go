package wire

import (
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib/netext"
)

func TestKernelTimeIsIndependentOfALateReader(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, send := onDemand(t, secure)
			conn := dial(t, to)
			awaitKernelTime(t, conn, send)

			sent := time.Now()
			send(frame(final|text, "a message long enough for a stamp"))
			written := time.Now()
			time.Sleep(stall)
			m := read(t, conn)
			assert.Less(t, m.Arrived.Sub(written), margin)
			assert.Greater(t, m.Arrived.Sub(sent), -margin)
			assert.Greater(t, m.Read.Sub(m.Arrived), stall-margin)
		})
	}
}

func TestReadTime(t *testing.T) {
	t.Parallel()
	to, send := onDemand(t, false)
	to.Timestamps = ReadTime
	conn := dial(t, to)
	require.Nil(t, conn.arrivals)

	send(frame(final|text, "a message long enough for a stamp"))
	written := time.Now()
	time.Sleep(stall)
	m := read(t, conn)
	assert.Equal(t, m.Read, m.Arrived)
	assert.GreaterOrEqual(t, m.Arrived.Sub(written), stall)
	assert.False(t, m.Read.After(time.Now()))
}

// A connection without a socket of its own, like one through a proxy, can't be dated
// by the kernel.
func TestConnectionWithoutASocketIsDatedByReading(t *testing.T) {
	t.Parallel()
	to, send := onDemand(t, false)
	countOpen(to)
	conn := dial(t, to)
	require.Nil(t, conn.arrivals)
	send(frame(final|text, "message"))
	m := read(t, conn)
	assert.Equal(t, m.Read, m.Arrived)
}

// The kernel may have no time for a read.
func TestMessageWithoutAKernelTimeIsDatedByReading(t *testing.T) {
	t.Parallel()
	to, send := onDemand(t, false)
	to.Timestamps = ReadTime
	conn := dial(t, to)
	conn.arrivals = new(arrivalConn)
	send(frame(final|text, "message"))
	m := read(t, conn)
	assert.Equal(t, m.Read, m.Arrived)
	assert.False(t, m.Read.IsZero())

	conn.arrivals.last = time.Unix(1, 0)
	send(frame(final|text, "message"))
	assert.Equal(t, time.Unix(1, 0), read(t, conn).Arrived)
}

// fakeReceiver returns one byte at a time, each with the next of its times.
type fakeReceiver struct {
	bytes string
	times []time.Time
	sizes []int // of the buffers that it was given
}

func (r *fakeReceiver) receive(p []byte) (int, time.Time, error) {
	r.sizes = append(r.sizes, len(p))
	if len(r.bytes) == 0 {
		return 0, time.Time{}, net.ErrClosed
	}
	n := copy(p, r.bytes[:1])
	arrival := r.times[0]
	r.bytes, r.times = r.bytes[1:], r.times[1:]
	return n, arrival, nil
}

func TestArrivalConnKeepsTheLastTime(t *testing.T) {
	t.Parallel()
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	r := &fakeReceiver{bytes: "\x81\x20a", times: []time.Time{at(1), {}, at(3)}}
	c := &arrivalConn{receiver: r, framing: webSocketFraming()}
	c.framing.advance([]byte(switching("x")))
	for _, want := range []time.Time{at(1), {}, at(3)} {
		n, err := c.Read(make([]byte, 100))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, want, c.last)
	}
	_, err := c.Read(make([]byte, 3))
	require.ErrorIs(t, err, net.ErrClosed)
	require.Equal(t, at(3), c.last)
	require.Equal(t, []int{14, 13, 32, 3}, r.sizes)
}

// What k6 reports as data_sent and data_received doesn't depend on the timestamps.
func TestBytesAreCounted(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := gateway(t, secure, func(socket *websocket.Conn) {
				for range 3 {
					kind, data, err := socket.ReadMessage()
					assert.NoError(t, err)
					assert.NoError(t, socket.WriteMessage(kind, data))
				}
			})
			kernelRead, kernelWritten := countBytes(t, to, KernelTime)
			read, written := countBytes(t, to, ReadTime)
			assert.Equal(t, read, kernelRead)
			assert.Equal(t, written, kernelWritten)
			assert.Greater(t, read, int64(100_110))
			assert.Greater(t, written, int64(100_110))
		})
	}
}

func countBytes(t *testing.T, to *Target, timestamps Timestamps) (read, written int64) {
	t.Helper()
	dialer := k6Dialer(net.LookupIP)
	counting := *to
	counting.DialContext, counting.Timestamps = dialer.DialContext, timestamps
	conn := dial(t, &counting)
	require.IsType(t, &netext.Conn{}, dialled(conn))
	for _, size := range []int{10, 100, 100_000} {
		require.NoError(t, conn.Write(make([]byte, size)))
		m, err := conn.Read()
		require.NoError(t, err)
		require.Len(t, m.Data, size)
	}
	_, err := conn.Read()
	require.Error(t, err)
	return dialer.BytesRead, dialer.BytesWritten
}

// dialled is the connection that the target's dialer returned.
func dialled(conn *Conn) net.Conn {
	socket := conn.socket.NetConn().(*requestConn).Conn
	if secure, ok := socket.(interface{ NetConn() net.Conn }); ok {
		return secure.NetConn()
	}
	return socket
}
