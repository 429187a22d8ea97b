package hostile

import (
	"bytes"
	"compress/flate"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// once is a behaviour whose connections get these bytes as soon as they are ready.
func once(p []byte) Behaviour {
	return Behaviour{Ready: func(c *Conn) { _, _ = c.Write(p) }}
}

// MaskedFrame masks its frames, which is the client's part.
func MaskedFrame() Behaviour {
	return once([]byte{fin | OpText, masked | 2, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2})
}

// ReservedBits sets bits that only an extension may set.
func ReservedBits() Behaviour { return once(frame(fin|rsv2|rsv3|OpText, []byte("hi"))) }

// CompressedFrame sets the bit of permessage-deflate, which nobody has agreed on.
func CompressedFrame() Behaviour { return once(frame(fin|rsv1|OpText, deflated(1<<10))) }

// ReservedOpcode sends a frame of a kind that doesn't exist.
func ReservedOpcode(opcode byte) Behaviour { return once(frame(fin|opcode, []byte("hi"))) }

// LongPing sends a ping with more than the 125 bytes that it may have.
func LongPing() Behaviour { return once(frame(fin|OpPing, make([]byte, 126))) }

// FragmentedPing sends a ping in two parts, which it may not be.
func FragmentedPing() Behaviour {
	return once(append(frame(OpPing, []byte("a")), frame(fin|OpContinuation, []byte("b"))...))
}

// StrayContinuation goes on with a message that was never begun.
func StrayContinuation() Behaviour { return once(frame(fin|OpContinuation, []byte("hi"))) }

// NestedMessage begins a message in the midst of another.
func NestedMessage() Behaviour {
	return once(append(frame(OpText, []byte("a")), frame(fin|OpText, []byte("b"))...))
}

// Announce announces a frame of this length and sends little of it.
func Announce(length uint64) Behaviour {
	return once(append(header(fin|OpText, length), "the beginning"...))
}

// LongMessage sends a message of this size, in one frame, and closes in the usual way.
func LongMessage(size int) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		_, _ = c.Write(header(fin|OpText, uint64(size)))
		const atOnce = 1 << 16
		c.Flood(bytes.Repeat([]byte("a"), atOnce), size-size%atOnce)
		c.Print(strings.Repeat("a", size%atOnce))
		c.Bye()
	}}
}

// EndlessFragments sends a message in fragments, none of which is long and none the last.
func EndlessFragments(total int) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		_, _ = c.Write(frame(OpText, []byte("a")))
		c.Flood(frame(OpContinuation, bytes.Repeat([]byte("a"), 1<<16)), total)
	}}
}

// EmptyFragments sends a message in that many fragments with nothing in them, and none
// of them the last.
func EmptyFragments(n int) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		_, _ = c.Write(frame(OpText, nil))
		c.Flood(bytes.Repeat(frame(OpContinuation, nil), 1<<10), 2*n)
		c.Cut()
	}}
}

// Interleaved relays broadcasts as it may: in fragments, one of them empty, with pings
// and pongs in between.
func Interleaved() Behaviour {
	return Behaviour{Relayed: func(to *Conn, stamp string) {
		message := []byte(to.Data(stamp))
		half := len(message) / 2
		var b []byte
		b = append(b, frame(OpText, message[:half])...)
		b = append(b, frame(fin|OpPing, []byte("in between"))...)
		b = append(b, frame(OpContinuation, nil)...)
		b = append(b, frame(fin|OpPong, nil)...)
		b = append(b, frame(fin|OpContinuation, message[half:])...)
		_, _ = to.Write(b)
	}}
}

// Bytewise relays broadcasts byte by byte, each in a fragment of its own.
func Bytewise() Behaviour {
	return Behaviour{Relayed: func(to *Conn, stamp string) {
		b := frame(OpText, nil)
		for _, letter := range []byte(to.Data(stamp)) {
			b = append(b, frame(OpContinuation, []byte{letter})...)
		}
		_, _ = to.Write(append(b, frame(fin|OpContinuation, nil)...))
	}}
}

// InvalidText sends text that is no UTF-8, and closes in the usual way.
func InvalidText() Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		c.Text(c.Data("\xff\xfe\xc0\xaf"))
		c.Bye()
	}}
}

// DataFlood sends that many messages, and closes in the usual way.
func DataFlood(n int) Behaviour {
	return flood(n, func(c *Conn) []byte { return frame(fin|OpText, []byte(c.Data("no stamp"))) })
}

// FailureFlood sends that many errors of this name, and closes in the usual way.
func FailureFlood(n int, name string) Behaviour {
	return flood(n, func(c *Conn) []byte { return frame(fin|OpText, []byte(c.Failure(name))) })
}

// PingFlood sends that many pings of full size, and closes in the usual way.
func PingFlood(n int) Behaviour {
	return flood(n, func(*Conn) []byte { return frame(fin|OpPing, bytes.Repeat([]byte("p"), 125)) })
}

// DeafPingFlood sends pings and reads none of the answers.
func DeafPingFlood(n int) Behaviour {
	b := PingFlood(n)
	b.Deaf = true
	return b
}

// PongFlood answers that many pings that were never sent, with payloads that may be
// taken for times, and closes in the usual way.
func PongFlood(n int) Behaviour {
	var pongs []byte
	payloads := []string{
		"", "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "99999999999999999999",
		"1e9", "0x7f", strings.Repeat("9", 125),
	}
	for _, payload := range payloads {
		pongs = append(pongs, frame(fin|OpPong, []byte(payload))...)
	}
	return flood(n/len(payloads), func(*Conn) []byte { return pongs })
}

// flood sends what unit returns n times, many at once, and closes in the usual way.
func flood(n int, unit func(*Conn) []byte) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		const atOnce = 100
		p := unit(c)
		c.Flood(bytes.Repeat(p, atOnce), n*len(p))
		c.Bye()
	}}
}

// EndlessData sends messages until the connection ends, and answers no close frame.
func EndlessData() Behaviour {
	return Behaviour{Deaf: true, Ready: func(c *Conn) {
		c.Flood(bytes.Repeat(frame(fin|OpText, []byte(c.Data("no stamp"))), 100), 1<<40)
	}}
}

// DataBeforeReady sends that many messages of that size in the midst of the dialect's
// handshake, which it then completes.
func DataBeforeReady(n, size int) Behaviour {
	return Behaviour{Shaken: func(c *Conn) {
		c.server.dialect.Begin(c)
		message := frame(fin|OpText, []byte(c.Data(strings.Repeat("a", size))))
		c.Flood(message, n*len(message))
		c.server.dialect.Complete(c)
	}}
}

// EndlessHandshake sends data and never completes the dialect's handshake.
func EndlessHandshake() Behaviour {
	return Behaviour{Shaken: func(c *Conn) {
		c.server.dialect.Begin(c)
		c.Flood(bytes.Repeat(frame(fin|OpText, []byte(c.Data("no stamp"))), 10), 1<<40)
	}}
}

// Say sends these messages as soon as the connection is ready, and closes in the usual
// way.
func Say(messages ...string) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		for _, message := range messages {
			c.Text(message)
		}
		c.Bye()
	}}
}

// Nested is an error message of the dialect with brackets in it that many deep.
func Nested(dialect Dialect, deep int) string {
	open, shut := strings.Repeat("[", deep), strings.Repeat("]", deep)
	if dialect == APIGateway {
		return fmt.Sprintf(`{"message":"Forbidden","connectionId":"a","requestId":"b","more":%s%s}`, open, shut)
	}
	return fmt.Sprintf(`{"type":"error","payload":{"errors":%s%s}}`, open, shut)
}

// Acknowledge answers the client's first message with this text, and goes on as a good
// AppSync.
func Acknowledge(text string) Behaviour {
	return Behaviour{Shaken: func(c *Conn) {
		c.ReadText()
		c.Text(text)
		c.server.dialect.Complete(c)
	}}
}

// DeflateUnasked accepts an upgrade with an extension that wasn't offered, and sends
// a message of zeros that is small until it is inflated.
func DeflateUnasked(size int) Behaviour {
	zeros := sync.OnceValue(func() []byte { return deflated(size) })
	return Behaviour{
		Requested: func(c *Conn, request *http.Request) {
			const extension = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
			c.Accept(request, extension)
		},
		Opened: func(c *Conn) { _, _ = c.Write(frame(fin|rsv1|OpText, zeros())) },
	}
}

// deflated is that many zeros as permessage-deflate sends them (RFC 7692, section
// 7.2.1).
func deflated(size int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed) // the level is a valid one
	zeros := make([]byte, 1<<16)
	for written := 0; written < size; written += len(zeros) {
		_, _ = w.Write(zeros)
	}
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}
