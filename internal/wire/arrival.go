package wire

import (
	"net"
	"time"
)

// Timestamps chooses what dates an arrival.
type Timestamps uint8

const (
	// KernelTime is when the bytes reached this host's network stack
	// (SO_TIMESTAMPNS), where the system can tell; else it is as ReadTime.
	KernelTime Timestamps = iota
	// ReadTime is when this process got round to reading them.
	ReadTime
)

// arrivalConn is a TCP connection that knows when the bytes it returned last
// had arrived.
//
// The kernel gives one time for each read, that of the newest segment in it. So
// that nothing is dated later than reading it alone would have done, no read
// goes past the end of a unit: a WebSocket frame or, below TLS, a record. Where
// segments were merged in the receive queue before anybody read them, the kernel
// itself has kept only the newest one's time.
type arrivalConn struct {
	net.Conn
	receive receiver
	units   units
	last    time.Time // zero: unknown
}

// receiver reads from a socket and says when the newest of what it read had
// arrived; the zero time where it can't tell.
type receiver interface {
	receive(p []byte) (n int, arrival time.Time, err error)
}

// watchArrivals makes conn tell its arrivals, if the system can and t wants it.
func watchArrivals(conn net.Conn, t Timestamps, first units) (net.Conn, *arrivalConn) {
	if t != KernelTime {
		return conn, nil
	}
	receive, ok := newReceiver(conn)
	if !ok {
		return conn, nil
	}
	watched := &arrivalConn{Conn: conn, receive: receive, units: first}
	return watched, watched
}

// Read implements net.Conn.
func (c *arrivalConn) Read(p []byte) (int, error) {
	if most := c.units.limit(); most < len(p) {
		p = p[:most]
	}
	n, arrival, err := c.receive.receive(p)
	if n > 0 {
		c.last = arrival
		c.units.advance(p[:n])
	}
	return n, err
}
