package wire

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever a peer sends after the handshake, Read returns the messages that a plain
// reading of RFC 6455 finds in it, and then the error that it gives, without taking
// more memory than the limit allows.
func FuzzConnection(f *testing.F) {
	const most = 2000
	long := strings.Repeat("x", most)
	for _, violation := range violations {
		f.Add([]byte(frame(final|text, "before")+violation.bytes+frame(final|text, "after")), []byte{})
		f.Add([]byte(violation.bytes), []byte{0, 3})
	}
	for _, sent := range []string{
		"",
		frame(final|text, long) + frame(final|text, long+"x"),
		frame(text, long) + frame(final|ping, "") + frame(final|continuation, "") + frame(text, long) + frame(continuation, "x"),
		length64(1 << 30), length64(1<<63 - 1), length64(1 << 63), length64(1<<64 - 1),
		frame(text, "x") + "\x00" + length64(1<<63 - 1)[1:],
		frame(final|text, "€") + frame(text, "\xe2\x82") + frame(final|continuation, "\xac") + frame(final|0x2, "\xff"),
		frame(final|pong, "1") + frame(final|ping, strings.Repeat("p", 125)) + frame(final|closing, ""),
		frame(final|closing, "\x03\xe8bye") + frame(final|text, "after"), frame(final|closing, "\x0f"), frame(final|closing, "\x0f\xa0"),
		frame(final|text, long)[:500], frame(final|ping, long)[:1], frame(text, ""),
		strings.Repeat(frame(text, "")+frame(final|continuation, ""), 50),
	} {
		f.Add([]byte(sent), []byte{})
		f.Add([]byte(sent), []byte{0})
		f.Add([]byte(sent), []byte{13, 1, 255})
	}
	f.Fuzz(func(t *testing.T, sent, pieces []byte) {
		peer := &scriptedPeer{
			response: func(accept string) string { return switching(accept) + string(sent) },
			pieces:   pieces,
		}
		to := peer.target()
		to.MaxMessage = most
		conn := dial(t, to)
		conn.OnPong(func(trip time.Duration) { t.Error("nobody has pinged, but the round trip was", trip) })
		want := decode(sent, most)
		for _, message := range want.messages {
			require.Equal(t, message, string(read(t, conn).Data))
			require.LessOrEqual(t, conn.buffer.Cap(), max(maxPooledBuffer, 3*most))
		}
		_, err := conn.Read()
		require.Error(t, err)
		require.Equal(t, want.violation, Violation(err))
		code, _ := CloseCode(err)
		require.Equal(t, want.code, code)
		require.LessOrEqual(t, peer.written, 8*len(sent)+200, "it answers no more than it is asked")
	})
}

// decoded is what the bytes that a peer sent amount to.
type decoded struct {
	messages  []string
	violation string
	code      int
}

// decode reads frames as a client must that accepts messages of up to most bytes.
func decode(sent []byte, most int) (d decoded) {
	end := func(violation string, code int) decoded {
		d.violation, d.code = violation, code
		return d
	}
	message, begun := "", byte(0) // begun: the opcode of a message that hasn't ended
	for {
		if len(sent) < 2 {
			return end("", 1006)
		}
		first, second := sent[0], sent[1]
		opcode, length := first&0xf, uint64(second&0x7f)
		control := opcode&controlBit != 0
		switch {
		case first&(rsv1|rsv2|rsv3) != 0, second&0x80 != 0,
			opcode > 2 && opcode < 8, opcode > 10,
			control && (first&final == 0 || length > 125),
			!control && (opcode == continuation) != (begun != 0):
			return end(ProtocolError, 1002)
		}
		sent = sent[2:]
		switch extended := map[uint64]int{126: 2, 127: 8}[length]; {
		case len(sent) < extended:
			return end("", 1006)
		case extended > 0:
			length = binary.BigEndian.Uint64(append(make([]byte, 8-extended), sent[:extended]...))
			sent = sent[extended:]
		}
		switch {
		case !control && length > uint64(most-len(message)):
			return end(MessageTooBig, 1009)
		case uint64(len(sent)) < length:
			return end("", 1006)
		}
		payload := string(sent[:length])
		sent = sent[length:]
		switch {
		case opcode == closing:
			return end(decodeClose(payload))
		case control:
			continue
		case opcode != continuation:
			begun = opcode
		}
		message += payload
		if first&final == 0 {
			continue
		}
		if begun == text && !utf8.ValidString(message) {
			return end(ProtocolError, 1007)
		}
		d.messages = append(d.messages, message)
		message, begun = "", 0
	}
}

// decodeClose returns what the payload of a close frame amounts to.
func decodeClose(payload string) (violation string, code int) {
	if len(payload) < 2 {
		return "", 1005
	}
	code = int(payload[0])<<8 | int(payload[1])
	sendable := code >= 1000 && code <= 1013 && (code < 1004 || code > 1006) || code >= 3000 && code <= 4999
	if !sendable || !utf8.ValidString(payload[2:]) {
		return ProtocolError, 1002
	}
	return "", code
}
