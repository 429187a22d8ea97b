package wire

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessagesOfEverySizeArriveWhole(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 11, 12, 13, 125, 126, 511, 512, 513, 65535, 65536, 300_000, 0, 1}
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, echo)
		to.Timestamps = timestamps
		conn := dial(t, to)
		for _, size := range sizes {
			sent := bytes.Repeat([]byte{byte('a' + size%26)}, size)
			require.NoError(t, conn.Write(sent))
			require.Equal(t, string(sent), string(read(t, conn).Data), size)
		}
		for _, size := range sizes { // all on their way at once
			require.NoError(t, conn.Write(bytes.Repeat([]byte{'a'}, size)))
		}
		for _, size := range sizes {
			require.Len(t, read(t, conn).Data, size)
		}
	})
}

func TestFragmentsBecomeOneMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70_000)
	frames := frame(text, "one ") + frame(final|ping, "still there?") + frame(continuation, "") +
		frame(continuation, "two") + frame(final|ping, "") + frame(final|continuation, "") +
		frame(text, long) + frame(final|continuation, "!") +
		frame(text, "") + frame(final|continuation, "") +
		frame(final|text, "last")
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		pongs := make(chan string, 2)
		to := gateway(t, secure, func(socket *websocket.Conn) {
			socket.SetPongHandler(func(payload string) error {
				pongs <- payload
				return nil
			})
			write(t, socket.NetConn(), frames)
			untilClosed(socket)
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		for _, want := range []string{"one two", long + "!", "", "last"} {
			require.Equal(t, want, string(read(t, conn).Data))
		}
		require.Equal(t, "still there?", <-pongs)
		require.Empty(t, <-pongs)
	})
}

// Control frames have up to 125 bytes (RFC 6455, section 5.5), which must fit into the
// read buffer.
func TestLongestControlFrames(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		pongs := make(chan string, 1)
		to := gateway(t, secure, func(socket *websocket.Conn) {
			socket.SetPongHandler(func(payload string) error {
				pongs <- payload
				return nil
			})
			write(t, socket.NetConn(), frame(final|ping, strings.Repeat("p", 125))+
				frame(final|closing, "\x03\xe8"+strings.Repeat("r", 123)))
			untilClosed(socket)
		})
		to.Timestamps = timestamps
		_, err := dial(t, to).Read()
		code, reason := CloseCode(err)
		require.Equal(t, 1000, code)
		require.Equal(t, strings.Repeat("r", 123), reason)
		require.Equal(t, strings.Repeat("p", 125), <-pongs)
	})
}

// The first messages may come in one segment with the response to the upgrade,
// and one message in many segments.
func TestMessagesArriveHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	messages := []string{"", "short", strings.Repeat("m", 300), strings.Repeat("l", 66_000), "end"}
	for _, piece := range []int{1 << 20, 500, 7, 1} {
		t.Run(fmt.Sprint(piece), func(t *testing.T) {
			t.Parallel()
			to := rawGateway(t, func(socket net.Conn, accept string) {
				stream := switching(accept)
				for _, m := range messages {
					stream += frame(final|text, m)
				}
				for len(stream) > 0 {
					n := min(piece, len(stream))
					write(t, socket, stream[:n])
					stream = stream[n:]
				}
			})
			conn := dial(t, to)
			for _, want := range messages {
				require.Equal(t, want, string(read(t, conn).Data))
			}
			_, err := conn.Read()
			code, _ := CloseCode(err)
			require.Equal(t, websocket.CloseAbnormalClosure, code)
		})
	}
}

func TestACutFrameIsNoMessage(t *testing.T) {
	t.Parallel()
	whole := frame(final|text, strings.Repeat("x", 200))
	for _, n := range []int{1, 2, 3, 4, 5, 100, len(whole) - 1} {
		to := rawGateway(t, func(socket net.Conn, accept string) {
			write(t, socket, switching(accept)+whole[:n])
		})
		_, err := dial(t, to).Read()
		code, _ := CloseCode(err)
		require.Equal(t, websocket.CloseAbnormalClosure, code, n)
	}
}

// A connection that waits holds no buffer, and the buffer of a large message isn't
// used again for small ones.
func TestBuffersArePooled(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, func(socket *websocket.Conn) {
		for _, size := range []int{10, 300_000, 10} {
			assert.NoError(t, socket.WriteMessage(websocket.TextMessage, make([]byte, size)))
		}
	})
	conn := dial(t, to)
	for range 3 {
		read(t, conn)
		require.NotNil(t, conn.buffer)
	}
	require.LessOrEqual(t, conn.buffer.Cap(), maxPooledBuffer)
	_, err := conn.Read()
	require.Error(t, err)
	require.Nil(t, conn.buffer)
}

func TestPingMeasuresTheRoundTrip(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, func(socket *websocket.Conn) {
			answer := socket.PingHandler()
			socket.SetPingHandler(func(payload string) error {
				time.Sleep(margin)
				for _, unsolicited := range []string{"", "whatever", "0", "1", "-1", "+" + payload, "0" + payload, payload + "0"} {
					write(t, socket.NetConn(), frame(final|pong, unsolicited))
				}
				err := answer(payload)
				write(t, socket.NetConn(), frame(final|pong, payload)) // it has been answered
				assert.NoError(t, socket.WriteMessage(websocket.TextMessage, []byte("after the pong")))
				return err
			})
			untilClosed(socket)
		})
		to.Timestamps = timestamps
		conn := dial(t, to)
		var trips []time.Duration
		conn.OnPong(func(trip time.Duration) { trips = append(trips, trip) })
		began := time.Now()
		require.NoError(t, conn.Ping())
		require.Equal(t, "after the pong", string(read(t, conn).Data))
		require.Len(t, trips, 1)
		require.GreaterOrEqual(t, trips[0], margin)
		require.LessOrEqual(t, trips[0], time.Since(began))
	})
}

// A peer may leave out the pongs of all pings but the latest, or send them late.
func TestOnlyTheLatestPingIsMeasured(t *testing.T) {
	t.Parallel()
	payloads := make(chan string, 2)
	to := gateway(t, false, func(socket *websocket.Conn) {
		socket.SetPingHandler(func(payload string) error {
			if payloads <- payload; len(payloads) < cap(payloads) {
				return nil
			}
			write(t, socket.NetConn(), frame(final|pong, <-payloads)+frame(final|text, "after the first's")+
				frame(final|pong, <-payloads)+frame(final|text, "after the second's"))
			return nil
		})
		untilClosed(socket)
	})
	conn := dial(t, to)
	trips := 0
	conn.OnPong(func(time.Duration) { trips++ })
	require.NoError(t, conn.Ping())
	require.NoError(t, conn.Ping())
	require.Equal(t, "after the first's", string(read(t, conn).Data))
	require.Zero(t, trips)
	require.Equal(t, "after the second's", string(read(t, conn).Data))
	require.Equal(t, 1, trips)
}

// Nobody has to have pinged for a pong to come.
func TestUnsolicitedPongs(t *testing.T) {
	t.Parallel()
	to, send := onDemand(t, false)
	conn := dial(t, to)
	conn.OnPong(func(trip time.Duration) { t.Error(trip) })
	for _, payload := range []string{"", "0", "1", "-9223372036854775808"} {
		send(frame(final|pong, payload) + frame(final|text, "after it"))
		require.Equal(t, "after it", string(read(t, conn).Data))
	}
}

func TestPongWithoutAListenerIsIgnored(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, echo)
	conn := dial(t, to)
	require.NoError(t, conn.Ping())
	require.NoError(t, conn.Write([]byte("after the ping")))
	require.Equal(t, "after the ping", string(read(t, conn).Data))
}

// deadlineConn records the last deadlines that were set.
type deadlineConn struct {
	net.Conn
	mu          sync.Mutex
	read, write time.Time
}

func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = t
	return c.Conn.SetReadDeadline(t)
}

func (c *deadlineConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = t
	return c.Conn.SetWriteDeadline(t)
}

// deadlines returns the read and write deadlines that were set last.
func (c *deadlineConn) deadlines() (read, write time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read, c.write
}

// keepDeadlines has a target's connection record its deadlines.
func keepDeadlines(to *Target) *deadlineConn {
	kept := new(deadlineConn)
	inner := to.DialContext
	to.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := inner(ctx, network, addr)
		kept.Conn = conn
		return kept, err
	}
	return kept
}

// requireIn requires that a deadline is what a call between began and now asked for.
func requireIn(t *testing.T, timeout time.Duration, deadline, began time.Time) {
	t.Helper()
	require.False(t, deadline.Before(began.Add(timeout)), deadline.Sub(began))
	require.False(t, deadline.After(time.Now().Add(timeout)), deadline.Sub(began))
}

func TestEveryWriteHasADeadline(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, untilClosed)
	kept := keepDeadlines(to)
	conn := dial(t, to)
	for range 2 {
		for _, send := range []func() error{conn.Ping, func() error { return conn.Write([]byte("text")) }} {
			began := time.Now()
			require.NoError(t, send())
			_, deadline := kept.deadlines()
			requireIn(t, 10*time.Second, deadline, began)
		}
	}
	read, _ := kept.deadlines()
	require.True(t, read.IsZero(), "a connection may wait for messages forever")
}

func TestWriteToAPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		over := make(chan struct{})
		to := gateway(t, secure, func(*websocket.Conn) { <-over })
		to.Timestamps = timestamps
		defer close(over)
		conn := dial(t, to)
		conn.writeTimeout = shortTimeout
		var err error
		for err == nil {
			err = conn.Write(make([]byte, 1<<20))
		}
		requireTimeout(t, err)
	})
}

func TestPingToAPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	to := gateway(t, false, func(*websocket.Conn) { <-over })
	defer close(over)
	conn := dial(t, to)
	conn.writeTimeout = shortTimeout
	socket := conn.socket.NetConn()
	err := socket.SetWriteDeadline(time.Now().Add(shortTimeout))
	for err == nil { // until the buffers between are full
		_, err = socket.Write(make([]byte, 1<<20))
	}
	requireTimeout(t, err)
	for err = nil; err == nil; { // a few pings may still fit
		err = conn.Ping()
	}
	requireTimeout(t, err)
}

// A message of several frames isn't mixed with another one.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	const writers, each, size = 8, 10, 200_000
	received := make(chan map[string]int, 1)
	to := gateway(t, false, func(socket *websocket.Conn) {
		counts := make(map[string]int)
		for {
			kind, data, err := socket.ReadMessage()
			if err != nil {
				received <- counts
				return
			}
			assert.Equal(t, websocket.TextMessage, kind)
			if assert.Len(t, data, size) {
				assert.Equal(t, size, bytes.Count(data, data[:1]))
				counts[string(data[:1])]++
			}
		}
	})
	conn := dial(t, to)
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			for range each {
				assert.NoError(t, conn.Write(bytes.Repeat([]byte{byte('a' + i)}, size)))
				assert.NoError(t, conn.Ping())
			}
		})
	}
	writing.Wait()
	conn.Close(1000, "", hangTimeout)
	_, err := conn.Read()
	code, _ := CloseCode(err)
	require.Equal(t, 1000, code)
	counts := <-received
	require.Len(t, counts, writers)
	for writer, count := range counts {
		require.Equal(t, each, count, writer)
	}
}

// frameLengths reads the text frames that a client sends before its close frame, and
// returns the lengths of their payloads.
func frameLengths(t *testing.T, from io.Reader) (lengths []int) {
	t.Helper()
	in := bufio.NewReader(from)
	for {
		var head [2]byte
		_, err := io.ReadFull(in, head[:])
		if !assert.NoError(t, err) || head[0]&0xf == closing {
			return lengths
		}
		if kind := head[0] & 0xf; kind != continuation {
			assert.EqualValues(t, text, kind)
		}
		n := int(head[1] & 0x7f)
		if extra := map[int]int{126: 2, 127: 8}[n]; extra > 0 {
			var extended [8]byte
			_, err = io.ReadFull(in, extended[8-extra:])
			assert.NoError(t, err)
			n = int(binary.BigEndian.Uint64(extended[:]))
		}
		_, err = in.Discard(4 + n) // the mask, which a client must use, and the payload
		assert.NoError(t, err)
		lengths = append(lengths, n)
	}
}

// Browsers send every message in one frame. API Gateway takes frames of up to 32 KB,
// so longer messages have to be sent in several.
func TestFramesOfAMessage(t *testing.T) {
	t.Parallel()
	lengths := make(chan []int, 1)
	to := rawGateway(t, func(socket net.Conn, accept string) {
		write(t, socket, switching(accept))
		lengths <- frameLengths(t, socket)
	})
	conn := dial(t, to)
	for _, n := range []int{0, 100, 5000, 16_000, 100_000} {
		require.NoError(t, conn.Write([]byte(strings.Repeat("x", n))))
	}
	conn.Close(websocket.CloseNormalClosure, "", hangTimeout)
	got := <-lengths
	require.Equal(t, []int{0, 100, 5000, 16_000}, got[:4])
	total := 0
	for _, n := range got[4:] {
		require.Less(t, n, 32<<10)
		total += n
	}
	require.Equal(t, 100_000, total)
}

// A frame is as long as a target says, whatever others say.
func TestFramesOfATarget(t *testing.T) {
	t.Parallel()
	for size, want := range map[int][]int{
		0:         {16 << 10, 16 << 10, 16 << 10},
		128 << 10: {48 << 10},
		20_000:    {20_000, 20_000, 9152},
	} {
		lengths := make(chan []int, 1)
		to := rawGateway(t, func(socket net.Conn, accept string) {
			write(t, socket, switching(accept))
			lengths <- frameLengths(t, socket)
		})
		to.FrameSize = size
		conn := dial(t, to)
		require.NoError(t, conn.Write(make([]byte, 48<<10)))
		conn.Close(websocket.CloseNormalClosure, "", hangTimeout)
		require.Equal(t, want, <-lengths, "%d", size)
	}
}
