package socket

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// maxHeader is the longest header of a server's frame (RFC 6455, section 5.2).
const maxHeader = 10

// AppendFrame appends the concatenated parts as one unmasked text frame and
// returns the extended slice.
func AppendFrame(b []byte, parts ...[]byte) []byte {
	const finalText, length16, length64 = 0x81, 126, 127
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	b = append(b, finalText)
	switch {
	case n < length16:
		b = append(b, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, length16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, length64), uint64(n))
	}
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// Frame returns text as one unmasked text frame.
func Frame(text []byte) []byte {
	return AppendFrame(make([]byte, 0, maxHeader+len(text)), text)
}

// payload returns what is in a frame that AppendFrame made.
func payload(frame []byte) []byte {
	const length16, length64 = 126, 127
	switch frame[1] {
	case length16:
		return frame[4:]
	case length64:
		return frame[10:]
	default:
		return frame[2:]
	}
}

// controlFrame returns a control frame. Its payload is at most 125 bytes long, which all
// that package websocket makes or lets pass is.
func controlFrame(opcode int, payload []byte) []byte {
	const final = 0x80
	return append([]byte{final | byte(opcode), byte(len(payload))}, payload...)
}

// messageBuffer is a buffer that messages are read into.
type messageBuffer struct{ data []byte }

// maxPooled is the size of the largest buffer that is kept for the next message.
const maxPooled = 4096

// readAll reads a message into data, in place of the one before.
func (m *messageBuffer) readAll(r io.Reader) error {
	if cap(m.data) > maxPooled {
		m.data = nil
	}
	into := bytes.NewBuffer(m.data[:0])
	_, err := into.ReadFrom(r)
	m.data = into.Bytes()
	return err
}
