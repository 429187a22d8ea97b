package wire

import (
	"net"
	"time"
)

// Timestamps selects what dates the arrival of a message.
type Timestamps uint8

const (
	// KernelTime is when the bytes reached this host's network stack
	// (SO_TIMESTAMPNS). Where the system gives no such time, it is the same as
	// ReadTime.
	KernelTime Timestamps = iota
	// ReadTime is when this process read the bytes.
	ReadTime
)

// arrivalConn is a TCP connection that remembers when the bytes of its last Read
// had arrived.
//
// The kernel gives one time for each read: that of the newest segment in it. A
// read that went past the end of one message would date it by the next, so no
// read goes past the end of a unit: a WebSocket frame or, below TLS, a record.
// Segments that the kernel merged in the receive queue, before they were read,
// keep the newest one's time only.
type arrivalConn struct {
	net.Conn
	receiver receiver
	framing  framing
	last     time.Time // zero: unknown
}

// receiver reads from a socket and returns when the newest of the bytes had
// arrived, or the zero time if that is unknown.
type receiver interface {
	receive(p []byte) (n int, arrival time.Time, err error)
}

// watchArrivals wraps conn so that its arrivals are dated by the kernel. It returns
// conn itself, and no arrivalConn, if t is ReadTime or the system has no such times.
func watchArrivals(conn net.Conn, t Timestamps, f framing) (net.Conn, *arrivalConn) {
	if t != KernelTime {
		return conn, nil
	}
	receiver, ok := newReceiver(conn)
	if !ok {
		return conn, nil
	}
	watched := &arrivalConn{Conn: conn, receiver: receiver, framing: f}
	return watched, watched
}

// Read implements net.Conn.
func (c *arrivalConn) Read(p []byte) (int, error) {
	if limit := c.framing.limit(); limit < len(p) {
		p = p[:limit]
	}
	n, arrival, err := c.receiver.receive(p)
	if n > 0 {
		c.last = arrival
		c.framing.advance(p[:n])
	}
	return n, err
}
