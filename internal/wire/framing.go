package wire

import (
	"encoding/binary"
	"math"
)

// framing follows a byte stream from one unit to the next, so that a reader can
// stop where a unit ends. A unit is a WebSocket frame or a TLS record: a header
// that gives the length, and a payload.
type framing struct {
	// size returns the length of the unit that begins with header, including the
	// header. Where header is too short to tell, ok is false and length is how many
	// bytes of header it takes to go on.
	size func(header []byte) (length int, ok bool)
	// firstRead is how many bytes may be read at the start of a unit: short enough
	// that no message with a stamp ends inside the first read.
	firstRead int
	header    [maxHeader]byte
	headerLen int // how much of header is filled
	remaining int // bytes of the unit that haven't been read, once its length is known
	// lineEnds counts consecutive line ends of the HTTP response that comes before
	// the first unit. The response is over when it is endOfResponse.
	lineEnds int
	// adaptive is set where a unit's first byte decides firstRead of the next unit.
	adaptive bool
}

const (
	maxHeader = 14
	// frameFirstRead holds every header. A message of a single frame that ends
	// within it has at most twelve bytes of payload, too few for a stamp.
	frameFirstRead = 14
	// fragmentFirstRead is the shortest header: the last frame of a fragmented
	// message may be empty, and ends a message that may well carry a stamp.
	fragmentFirstRead = 2
	recordHeader      = 5

	endOfResponse = 2
)

// webSocketFraming follows the frames after the HTTP response to an upgrade.
func webSocketFraming() framing {
	return framing{size: frameSize, firstRead: frameFirstRead, adaptive: true}
}

// tlsFraming follows TLS records.
func tlsFraming() framing {
	return framing{size: recordSize, firstRead: recordHeader, lineEnds: endOfResponse}
}

// limit returns how many bytes may be read at once.
func (f *framing) limit() int {
	switch {
	case f.lineEnds < endOfResponse:
		return math.MaxInt
	case f.remaining > 0:
		return f.remaining
	default:
		header, _ := f.size(f.header[:f.headerLen])
		return max(f.firstRead, header) - f.headerLen
	}
}

// advance moves on by the bytes that were read.
func (f *framing) advance(b []byte) {
	for f.lineEnds < endOfResponse && len(b) > 0 {
		f.advanceResponse(b[0])
		b = b[1:]
	}
	for len(b) > 0 {
		if f.remaining == 0 {
			b = f.advanceHeader(b)
			continue
		}
		n := min(f.remaining, len(b))
		f.remaining -= n
		b = b[n:]
	}
}

// advanceResponse moves on by a byte of the HTTP response, which ends with an
// empty line.
func (f *framing) advanceResponse(c byte) {
	switch c {
	case '\n':
		f.lineEnds++
	case '\r':
	default:
		f.lineEnds = 0
	}
}

// advanceHeader moves bytes of b into the header until it gives the unit's length,
// and returns the bytes after it.
func (f *framing) advanceHeader(b []byte) []byte {
	for i, c := range b {
		f.header[f.headerLen] = c
		f.headerLen++
		if length, ok := f.size(f.header[:f.headerLen]); ok {
			f.remaining, f.headerLen = length-f.headerLen, 0
			if f.adaptive {
				f.firstRead = nextFirstRead(f.header[0], f.firstRead)
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

// nextFirstRead returns firstRead for the frame after one that begins with the byte
// first and had the given firstRead itself.
func nextFirstRead(first byte, firstRead int) int {
	switch {
	case first&controlBit != 0: // it may come between the fragments of a message
		return firstRead
	case first&finalBit != 0:
		return frameFirstRead
	default:
		return fragmentFirstRead
	}
}

// frameSize is framing.size for WebSocket frames (RFC 6455, section 5.2).
func frameSize(h []byte) (int, bool) {
	if len(h) < 2 {
		return 2, false
	}
	head := 2
	if h[1]&0x80 != 0 {
		head += 4 // a server must not mask; this keeps in step with one that does
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
		return head + 8 + int(min(binary.BigEndian.Uint64(h[2:]), math.MaxInt-maxHeader)), true
	}
}

// recordSize is framing.size for TLS records (RFC 8446, section 5.1).
func recordSize(h []byte) (int, bool) {
	if len(h) < recordHeader {
		return recordHeader, false
	}
	return recordHeader + int(binary.BigEndian.Uint16(h[3:])), true
}
