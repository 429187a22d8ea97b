package hostile

import (
	"bytes"
	"strings"
)

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
