package wire

import (
	"encoding/binary"
	"math"
)

// units follows a byte stream from one unit to the next, so that a reader can
// stop where a unit ends. A unit is a header that says its length, and what
// follows it.
type units struct {
	// size returns the whole length of the unit that begins with header, or
	// false where the header isn't complete.
	size func(header []byte) (length int, ok bool)
	// look is how much to read at the start of a unit: not so much that a unit
	// that matters could end within it.
	look   int
	header [maxHeader]byte
	have   int // bytes of the header so far
	left   int // bytes of the unit that are still to come, once its length is known
	// preamble counts how much of the blank line that ends the HTTP response
	// has been seen; from len(endOfResponse) on, units follow.
	preamble int
}

const (
	maxHeader = 14
	// A frame that ends within the first fourteen bytes is too short to carry
	// a time: it is a control frame, or has at most twelve bytes to say.
	lookAtFrame  = 14
	recordHeader = 5

	endOfResponse = "\r\n\r\n"
)

// frames follows WebSocket frames behind the HTTP response to the upgrade.
func frames() units { return units{size: frameSize, look: lookAtFrame} }

// records follows TLS records.
func records() units {
	return units{size: recordSize, look: recordHeader, preamble: len(endOfResponse)}
}

// limit is how many bytes may be read at once.
func (u *units) limit() int {
	switch {
	case u.preamble < len(endOfResponse):
		return math.MaxInt
	case u.left > 0:
		return u.left
	default:
		return max(u.look-u.have, 1)
	}
}

// advance takes note of bytes that were read.
func (u *units) advance(b []byte) {
	for u.preamble < len(endOfResponse) && len(b) > 0 {
		u.preamble = matched(u.preamble, b[0])
		b = b[1:]
	}
	for len(b) > 0 {
		if u.left == 0 {
			b = u.open(b)
			continue
		}
		n := min(u.left, len(b))
		u.left -= n
		b = b[n:]
	}
}

// open takes bytes into the header until it says the unit's length, and returns
// those behind it.
func (u *units) open(b []byte) []byte {
	for i, c := range b {
		u.header[u.have] = c
		u.have++
		if length, ok := u.size(u.header[:u.have]); ok {
			u.left, u.have = length-u.have, 0
			return b[i+1:]
		}
	}
	return nil
}

// matched says how much of endOfResponse has been seen once c follows n bytes of it.
func matched(n int, c byte) int {
	switch c {
	case endOfResponse[n]:
		return n + 1
	case '\r':
		return 1
	default:
		return 0
	}
}

// frameSize reads a frame's header (RFC 6455, section 5.2).
func frameSize(h []byte) (int, bool) {
	if len(h) < 2 {
		return 0, false
	}
	head := 2
	if h[1]&0x80 != 0 {
		head += 4 // a server must not mask, but its frames would still have to be followed
	}
	switch length := int(h[1] & 0x7f); {
	case length < 126:
		return head + length, true
	case length == 126 && len(h) >= 4:
		return head + 2 + int(binary.BigEndian.Uint16(h[2:])), true
	case length == 127 && len(h) >= 10:
		return head + 8 + int(binary.BigEndian.Uint64(h[2:])&math.MaxInt32), true
	default:
		return 0, false
	}
}

// recordSize reads a TLS record's header (RFC 8446, section 5.1).
func recordSize(h []byte) (int, bool) {
	if len(h) < recordHeader {
		return 0, false
	}
	return recordHeader + int(binary.BigEndian.Uint16(h[3:])), true
}
