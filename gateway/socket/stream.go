package socket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"syscall"
	"time"
)

// errFrameTooLong is the error of reading a frame that is longer than allowed.
var errFrameTooLong = errors.New("frame is too long")

// stream is the socket as package websocket sees it. It watches the lengths of the
// frames that are read, which that package doesn't tell, and sends what that package
// writes in turn with everything else.
type stream struct {
	net.Conn

	conn       *Conn // nil until the 101 has been written
	compressed bool  // the 101 says that messages may be compressed
	limit      int64 // bytes in one frame's payload; 0 is unlimited

	header  [maxClientHeader]byte // of the next frame, as far as it has been read
	have    int                   // how much of it that is
	payload int64                 // what is still to be read of the frame before
	wrong   error                 // of the next Read
}

// maxClientHeader is the longest header of a client's frame (RFC 6455, section 5.2).
const maxClientHeader = 14

// Read reads, and fails after the header of the first frame that is too long. What comes
// before is returned first.
func (s *stream) Read(b []byte) (int, error) {
	if s.wrong != nil {
		return 0, s.wrong
	}
	n, err := s.Conn.Read(b)
	if s.limit == 0 {
		return n, err
	}
	for rest := b[:n]; len(rest) > 0; {
		skip := min(int64(len(rest)), s.payload)
		s.payload -= skip
		if rest = rest[skip:]; len(rest) == 0 {
			break
		}
		s.header[s.have] = rest[0]
		s.have++
		rest = rest[1:]
		if length, ok := s.length(); ok {
			s.have, s.payload = 0, length
		}
		if s.payload > s.limit {
			s.wrong = errFrameTooLong
			return n - len(rest), nil
		}
	}
	return n, err
}

// length returns the length of the payload if the whole header has been read.
func (s *stream) length() (length int64, ok bool) {
	const masked, length16, length64, key = 0x80, 126, 127, 4
	header := s.header[:s.have]
	if len(header) < 2 {
		return 0, false
	}
	size, length := 2, int64(header[1]&^masked)
	if header[1]&masked != 0 {
		size += key
	}
	switch length {
	case length16:
		size += 2
	case length64:
		size += 8
	}
	if len(header) < size {
		return 0, false
	}
	switch length {
	case length16:
		length = int64(binary.BigEndian.Uint16(header[2:]))
	case length64:
		length = int64(binary.BigEndian.Uint64(header[2:]) & (1<<63 - 1))
	}
	return length, true
}

// Write writes the 101, and later the close frames with which package websocket answers
// what it can't read.
func (s *stream) Write(b []byte) (int, error) {
	if s.conn == nil {
		s.compressed = bytes.Contains(b, []byte("\r\nSec-WebSocket-Extensions: permessage-deflate"))
		return s.Conn.Write(b)
	}
	s.conn.finish(b)
	return len(b), nil
}

// SetWriteDeadline does nothing once the 101 has been written, because nothing that is
// written then waits.
func (s *stream) SetWriteDeadline(t time.Time) error {
	if s.conn == nil {
		return s.Conn.SetWriteDeadline(t)
	}
	return nil
}

// hijacker puts a stream in the place of a hijacked socket.
type hijacker struct {
	http.ResponseWriter

	stream *stream
}

// Hijack takes the socket over.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.stream.Conn = conn
	return h.stream, buffers, nil
}

// rawOf returns what writes to a socket without waiting, or nil if nothing can.
func rawOf(socket net.Conn) syscall.RawConn {
	tcp, ok := socket.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
