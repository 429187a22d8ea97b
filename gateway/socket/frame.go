package socket

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// maxHeader is the longest header of a server's frame (RFC 6455, section 5.2).
const maxHeader = 10

// AppendFrame appends parts, one behind the other, as a single unmasked text
// frame and returns the longer slice.
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
		b = binary.BigEndian.AppendUint16(append(b, length16), uint16(n)) // just compared
	default:
		b = binary.BigEndian.AppendUint64(append(b, length64), uint64(n)) // a length
	}
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// Frame returns text as a frame of its own.
func Frame(text []byte) []byte {
	return AppendFrame(make([]byte, 0, maxHeader+len(text)), text)
}

// messageBuffer is where a message is read into.
type messageBuffer struct{ data []byte }

// largest is the largest buffer worth keeping for the next message.
const largest = 4096

func (m *messageBuffer) readAll(r io.Reader) error {
	if cap(m.data) > largest {
		m.data = nil
	}
	into := bytes.NewBuffer(m.data[:0])
	_, err := into.ReadFrom(r)
	m.data = into.Bytes()
	return err
}
