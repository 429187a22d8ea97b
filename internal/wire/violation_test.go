package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// length64 is the header of a text frame that declares a length in eight bytes.
func length64(n uint64) string {
	return string([]byte{
		final | text, 127,
		byte(n >> 56), byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n),
	})
}

// violations are what a peer may send against RFC 6455.
var violations = map[string]struct {
	bytes  string
	code   int
	reason string
}{
	"masked":                  {"\x81\x83\x01\x02\x03\x04abc", 1002, "bad MASK"},
	"first reserved bit":      {frame(final|rsv1|text, "\x2a\x49\x2d\x2e\x01\x00"), 1002, "RSV1 set"},
	"second reserved bit":     {frame(final|rsv2|text, ""), 1002, "RSV2 set"},
	"third reserved bit":      {frame(final|rsv3|text, ""), 1002, "RSV3 set"},
	"reserved opcode":         {frame(final|0x3, ""), 1002, "bad opcode 3"},
	"reserved control opcode": {frame(final|0xb, ""), 1002, "bad opcode 11"},
	"fragmented ping":         {frame(ping, "") + frame(final|continuation, ""), 1002, "FIN not set on control"},
	"fragmented close":        {frame(closing, "\x03\xe8"), 1002, "FIN not set on control"},
	"long ping":               {frame(final|ping, strings.Repeat("p", 126)), 1002, "len > 125 for control"},
	"close code 1006":         {frame(final|closing, "\x03\xee"), 1002, "bad close code 1006"},
	"close code 0":            {frame(final|closing, "\x00\x00"), 1002, "bad close code 0"},
	"close reason not UTF-8":  {frame(final|closing, "\x03\xe8\xff"), 1002, "invalid utf8 payload in close frame"},
	"no start":                {frame(final|continuation, "a"), 1002, "continuation after FIN"},
	"start within a message":  {frame(text, "a") + frame(final|text, "b"), 1002, "data before FIN"},
	"several at once":         {frame(rsv1|0x3, ""), 1002, "RSV1 set, bad opcode 3"},
	"text not UTF-8":          {frame(final|text, "\xff"), 1007, "the text of a message is not UTF-8"},
	"half a character":        {frame(text, "\xe2") + frame(final|continuation, "\x82"), 1007, "the text of a message is not UTF-8"},
}

func TestViolations(t *testing.T) {
	t.Parallel()
	for name, test := range violations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := make(chan error, 1)
			to := gateway(t, false, func(socket *websocket.Conn) {
				write(t, socket.NetConn(), frame(final|text, "before")+test.bytes)
				_, _, err := socket.ReadMessage()
				told <- err
			})
			conn := dial(t, to)
			require.Equal(t, "before", string(read(t, conn).Data))
			_, err := conn.Read()
			assert.Equal(t, ProtocolError, Violation(err))
			code, reason := CloseCode(err)
			assert.Equal(t, test.code, code)
			assert.Equal(t, test.reason, reason)
			assert.EqualError(t, err, reason)
			code, reason = CloseCode(<-told)
			assert.Equal(t, test.code, code)
			assert.Equal(t, test.reason, reason)
		})
	}
}

func TestNoViolation(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		&websocket.CloseError{Code: 1002, Text: "the peer's own"},
		&websocket.CloseError{Code: 1009},
		&websocket.CloseError{Code: 1006, Text: "unexpected EOF"},
		websocket.ErrCloseSent,
		io.EOF,
		net.ErrClosed,
		&net.OpError{Op: "read", Err: errors.New("connection reset by peer")},
		&net.OpError{Op: gorillaPrefix + "write", Err: errors.New("timeout")},
	} {
		c := &Conn{}
		assert.Equal(t, err, c.readError(err))
		assert.Empty(t, Violation(err))
	}
	assert.Empty(t, Violation(nil))
}

func TestViolationWithinAnotherError(t *testing.T) {
	t.Parallel()
	cause := errors.New("websocket: bad opcode 3")
	err := fmt.Errorf("reading: %w", (&Conn{}).readError(cause))
	assert.Equal(t, ProtocolError, Violation(err))
	assert.ErrorIs(t, err, cause)
	code, reason := CloseCode(err)
	assert.Equal(t, 1002, code)
	assert.Equal(t, "bad opcode 3", reason)
}

// Binary messages may be anything, and text any characters.
func TestMessagesThatAreNotASCII(t *testing.T) {
	t.Parallel()
	const binary = 0x2
	to, send := onDemand(t, false)
	conn := dial(t, to)
	for _, message := range []string{
		frame(final|binary, "\xff"),
		frame(final|text, "€"),
		frame(text, "\xe2") + frame(final|continuation, "\x82\xac"),
	} {
		send(message)
		require.NotEmpty(t, read(t, conn).Data)
	}
}

func TestMessageTooBig(t *testing.T) {
	t.Parallel()
	for name, bytes := range map[string]string{
		"in one frame":      frame(final|text, strings.Repeat("x", 1001)),
		"in two":            frame(text, strings.Repeat("x", 1000)) + frame(final|continuation, "x"),
		"with a ping":       frame(text, strings.Repeat("x", 1000)) + frame(final|ping, "") + frame(final|continuation, "x"),
		"only declared":     length64(512 << 20),
		"more than memory":  length64(1<<63 - 1),
		"negative":          length64(1 << 63),
		"all bits":          length64(1<<64 - 1),
		"sum is an overrun": frame(text, "x") + "\x80" + length64(1<<63 - 1)[1:],
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/secure=%t", name, secure), func(t *testing.T) {
				t.Parallel()
				told := make(chan error, 1)
				to := gateway(t, secure, func(socket *websocket.Conn) {
					write(t, socket.NetConn(), frame(final|text, strings.Repeat("x", 1000))+bytes)
					_, _, err := socket.ReadMessage()
					told <- err
				})
				to.MaxMessage = 1000
				conn := dial(t, to)
				require.Len(t, read(t, conn).Data, 1000)
				_, err := conn.Read()
				assert.Equal(t, MessageTooBig, Violation(err))
				code, reason := CloseCode(err)
				assert.Equal(t, 1009, code)
				assert.Equal(t, "a message was longer than maxMessageSize, 1000 bytes", reason)
				code, _ = CloseCode(<-told)
				assert.Equal(t, 1009, code)
			})
		}
	}
}

func TestMessagesMayHaveOneMebibyte(t *testing.T) {
	t.Parallel()
	to, send := onDemand(t, false)
	conn := dial(t, to)
	go func() { send(frame(final|text, strings.Repeat("x", 1<<20))) }()
	require.Len(t, read(t, conn).Data, 1<<20)
	send(length64(1<<20 + 1))
	_, err := conn.Read()
	_, reason := CloseCode(err)
	require.Equal(t, "a message was longer than maxMessageSize, 1048576 bytes", reason)
}

// A gateway that goes on sending is not read to the end.
func TestEndlessMessages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ first, more string }{
		"one frame":       {length64(512 << 20), strings.Repeat("x", 1<<16)},
		"many fragments":  {frame(text, ""), frame(continuation, "x")},
		"large fragments": {frame(text, ""), frame(continuation, strings.Repeat("x", 1<<16))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const most = 200_000
			to := pipeTarget(test.first, test.more)
			to.MaxMessage = most
			conn := dial(t, to)
			_, err := conn.Read()
			require.Equal(t, MessageTooBig, Violation(err))
			if conn.buffer != nil {
				require.LessOrEqual(t, conn.buffer.Cap(), 3*most)
			}
			require.LessOrEqual(t, peerOf(conn).read, 4*most)
		})
	}
}

// Fragments without a byte may go on forever. The deadline of Close ends that.
func TestEndlessEmptyFragments(t *testing.T) {
	t.Parallel()
	to := rawGateway(t, func(socket net.Conn, accept string) {
		_, _ = io.WriteString(socket, switching(accept)+frame(text, ""))
		for {
			if _, err := io.WriteString(socket, strings.Repeat(frame(continuation, ""), 1000)); err != nil {
				return
			}
		}
	})
	conn := dial(t, to)
	time.AfterFunc(shortTimeout, func() { conn.Close(1000, "", shortTimeout) })
	_, err := conn.Read()
	requireTimeout(t, err)
	conn.CloseNow()
}
