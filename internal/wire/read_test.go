package wire

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachWay runs a test over plain and TLS connections, with either kind of times.
func eachWay(t *testing.T, f func(t *testing.T, secure bool, timestamps Timestamps)) {
	t.Helper()
	for _, secure := range []bool{false, true} {
		for name, timestamps := range map[string]Timestamps{"kernel": KernelTime, "read": ReadTime} {
			t.Run(fmt.Sprintf("secure=%t/%s", secure, name), func(t *testing.T) {
				t.Parallel()
				f(t, secure, timestamps)
			})
		}
	}
}

func TestMessagesOfEverySizeArriveWhole(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 11, 12, 13, 125, 126, 511, 512, 513, 65535, 65536, 300_000, 0, 1}
	eachWay(t, func(t *testing.T, secure bool, timestamps Timestamps) {
		to := gateway(t, secure, func(socket *websocket.Conn) {
			for {
				kind, data, err := socket.ReadMessage()
				if err != nil {
					return
				}
				assert.NoError(t, socket.WriteMessage(kind, data))
			}
		})
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
			send(t, socket.NetConn(), frames)
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
					send(t, socket, stream[:n])
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
			send(t, socket, switching(accept)+whole[:n])
		})
		_, err := dial(t, to).Read()
		code, _ := CloseCode(err)
		require.Equal(t, websocket.CloseAbnormalClosure, code, n)
	}
}

// A gateway may not compress what nobody offered to uncompress.
func TestCompressedFramesAreRefused(t *testing.T) {
	t.Parallel()
	const rsv1 = 0x40
	to := rawGateway(t, func(socket net.Conn, accept string) {
		send(t, socket, switching(accept)+frame(final|rsv1|text, "\x2a\x49\x2d\x2e\x01\x00"))
	})
	_, err := dial(t, to).Read()
	require.ErrorContains(t, err, "RSV1")
}

func TestTheSubprotocolIsTheOneThatTheGatewayChose(t *testing.T) {
	t.Parallel()
	to := gateway(t, false, untilClosed)
	assert.Empty(t, dial(t, to).socket.Subprotocol())
	to.Subprotocols = []string{"unknown", "spoken"}
	assert.Equal(t, "spoken", dial(t, to).socket.Subprotocol())
}

// A connection that waits holds no buffer, and one that held a large message
// doesn't keep its buffer for the small ones.
func TestBuffersAreLent(t *testing.T) {
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
	require.LessOrEqual(t, conn.buffer.Cap(), keepBuffersUpTo)
	_, err := conn.Read()
	require.Error(t, err)
	require.Nil(t, conn.buffer)
}
