package wire

import (
	"encoding/binary"
	"math"
)

// units follows a byte stream from one unit to the next, so that a reader can
// stop where a unit ends. A unit is a header that says its length, and what
// follows it.
type units struct {
	// size returns the whole length of the unit that begins with header; or,
	// where that doesn't say it yet, how long the header has to be, and false.
	size func(header []byte) (length int, ok bool)
	// look is how much to read at the start of a unit: not so much that a unit
	// that matters could end within it.
	look   int
	header [maxHeader]byte
	have   int // bytes of the header so far
	left   int // bytes of the unit that are still to come, once its length is known
	// lineEnds counts the line ends that nothing but line ends has followed; from
	// endOfResponse on, the HTTP response is over and units follow.
	lineEnds int
	// framed says that units are frames, whose kind decides how to look at the next.
	framed bool
}

const (
	maxHeader = 14
	// A message of one frame that ends within the first fourteen bytes is too
	// short to carry a time: it has at most twelve bytes to say.
	lookAtFrame = 14
	// Of a message of several frames the last may be as short as it likes.
	lookAtFragment = 2
	recordHeader   = 5

	endOfResponse = 2
)

// frames follows WebSocket frames behind the HTTP response to the upgrade.
func frames() units { return units{size: frameSize, look: lookAtFrame, framed: true} }

// records follows TLS records.
func records() units {
	return units{size: recordSize, look: recordHeader, lineEnds: endOfResponse}
}

// limit is how many bytes may be read at once.
func (u *units) limit() int {
	switch {
	case u.lineEnds < endOfResponse:
		return math.MaxInt
	case u.left > 0:
		return u.left
	default:
		header, _ := u.size(u.header[:u.have])
		return max(u.look, header) - u.have
	}
}

// advance takes note of bytes that were read.
func (u *units) advance(b []byte) {
	for u.lineEnds < endOfResponse && len(b) > 0 {
		u.respond(b[0])
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

// respond takes note of a byte of the HTTP response, which an empty line ends.
func (u *units) respond(c byte) {
	switch c {
	case '\n':
		u.lineEnds++
	case '\r':
	default:
		u.lineEnds = 0
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
			if u.framed {
				u.look = lookBehind(u.header[0], u.look)
			}
			return b[i+1:]
		}
	}
	return nil
}

const (
	finalBit   = 0x80
	controlBit = 0x08
)

// lookBehind is how much to read at the start of the frame behind one whose
// header begins with this byte.
func lookBehind(first byte, look int) int {
	switch {
	case first&controlBit != 0: // it may come between the frames of a message
		return look
	case first&finalBit != 0:
		return lookAtFrame
	default:
		return lookAtFragment
	}
}

// frameSize reads a frame's header (RFC 6455, section 5.2).
func frameSize(h []byte) (int, bool) {
	if len(h) < 2 {
		return 2, false
	}
	head := 2
	if h[1]&0x80 != 0 {
		head += 4 // a server must not mask, but its frames would still have to be followed
	}
	switch length := int(h[1] & 0x7f); {
	case length < 126:
		return head + length, true
	case length == 126 && len(h) < 4:
		return 4, false
	case length == 126:
		return head + 2 + int(binary.BigEndian.Uint16(h[2:])), true
	case len(h) < 10:
		return 10, false
	default:
		return head + 8 + int(binary.BigEndian.Uint64(h[2:])&math.MaxInt32), true
	}
}

// recordSize reads a TLS record's header (RFC 8446, section 5.1).
func recordSize(h []byte) (int, bool) {
	if len(h) < recordHeader {
		return recordHeader, false
	}
	return recordHeader + int(binary.BigEndian.Uint16(h[3:])), true
}
