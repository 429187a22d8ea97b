package hostile

import (
	"bytes"
	"strings"
)

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
