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

// Margins are wide enough for any machine: a stall is told from what a loaded
// host does by itself.
const (
	stall  = 200 * time.Millisecond
	margin = 50 * time.Millisecond
)

// onDemand is a gateway that sends what it is told to, and says when it has.
func onDemand(t *testing.T, secure bool) (to *Target, say chan<- string, said <-chan struct{}) {
	t.Helper()
	in, out := make(chan string), make(chan struct{})
	to = gateway(t, secure, func(socket *websocket.Conn) {
		for frames := range in {
			send(t, socket.NetConn(), frames)
			out <- struct{}{}
		}
	})
	t.Cleanup(func() { close(in) })
	return to, in, out
}

// warm reads messages until they are dated by the kernel, for it takes some time
// before it dates what comes in.
func warm(t *testing.T, conn *Conn, say chan<- string, said <-chan struct{}) {
	t.Helper()
	if conn.arrivals == nil {
		t.Skip("there are no kernel times here")
	}
	require.Eventually(t, func() bool {
		say <- frame(final|text, "once more")
		<-said
		m := read(t, conn)
		return m.Arrived != m.Read
	}, 10*time.Second, time.Millisecond)
}

func TestAStallIsTheReadersOwn(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "tls": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, say, said := onDemand(t, secure)
			conn := dial(t, to)
			warm(t, conn, say, said)

			sent := time.Now()
			say <- frame(final|text, "a message that carries a time")
			<-said
			written := time.Now()
			time.Sleep(stall)
			m := read(t, conn)
			assert.Less(t, m.Arrived.Sub(written), margin)
			assert.Greater(t, m.Arrived.Sub(sent), -margin)
			assert.Greater(t, m.Read.Sub(m.Arrived), stall-margin)
		})
	}
}

func TestReadTimeIsAsked(t *testing.T) {
	t.Parallel()
	to, say, said := onDemand(t, false)
	to.Timestamps = ReadTime
	conn := dial(t, to)
	require.Nil(t, conn.arrivals)

	say <- frame(final|text, "a message that carries a time")
	<-said
	written := time.Now()
	time.Sleep(stall)
	m := read(t, conn)
	assert.Equal(t, m.Read, m.Arrived)
	assert.GreaterOrEqual(t, m.Arrived.Sub(written), stall)
}

// A connection that isn't the system's own, like one through a proxy, is dated
// when it is read.
func TestOtherConnectionsAreDatedWhenTheyAreRead(t *testing.T) {
	t.Parallel()
	to, say, said := onDemand(t, false)
	tracking(to)
	conn := dial(t, to)
	require.Nil(t, conn.arrivals)
	say <- frame(final|text, "message")
	<-said
	m := read(t, conn)
	assert.Equal(t, m.Read, m.Arrived)
}

// What k6 reports as data_sent and data_received doesn't depend on the times.
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
	require.IsType(t, &netext.Conn{}, bottom(conn))
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

// bottom is what a connection's dialer returned.
func bottom(conn *Conn) net.Conn {
	socket := conn.socket.NetConn().(*requestConn).Conn
	if secure, ok := socket.(interface{ NetConn() net.Conn }); ok {
		return secure.NetConn()
	}
	return socket
}

func TestPingTellsTheRoundTrip(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, func(socket *websocket.Conn) {
			answer := socket.PingHandler()
			socket.SetPingHandler(func(payload string) error {
				time.Sleep(margin)
				for _, unasked := range []string{"", "whatever"} {
					send(t, socket.NetConn(), frame(final|0xa, unasked))
				}
				err := answer(payload)
				assert.NoError(t, socket.WriteMessage(websocket.TextMessage, []byte("behind the pong")))
				return err
			})
			untilClosed(socket)
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		var trips []time.Duration
		conn.OnPong(func(trip time.Duration) { trips = append(trips, trip) })
		require.NoError(t, conn.Ping())
		require.Equal(t, "behind the pong", string(read(t, conn).Data))
		require.Len(t, trips, 1)
		require.GreaterOrEqual(t, trips[0], margin)
	})
}
