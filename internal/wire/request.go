package wire

import (
	"bufio"
	"net"
	"sync"
)

// requestConn gathers the upgrade request in a buffer that connections share, and
// sends it when the answer is read. Left to itself, net/http takes four kilobytes
// for each request it writes, which is much beside what a connection needs. Once
// the answer has been read it is the connection below and no more.
type requestConn struct {
	net.Conn
	request *bufio.Writer // nil once it is sent
}

var requests = sync.Pool{New: func() any { return bufio.NewWriter(nil) }} // shared by all connections

func newRequestConn(conn net.Conn) *requestConn {
	request, _ := requests.Get().(*bufio.Writer)
	request.Reset(conn)
	return &requestConn{Conn: conn, request: request}
}

// Write implements net.Conn.
func (c *requestConn) Write(p []byte) (int, error) {
	if c.request != nil {
		return c.request.Write(p)
	}
	return c.Conn.Write(p)
}

// WriteByte implements io.ByteWriter, by which net/http knows that it needs no
// buffer of its own.
func (c *requestConn) WriteByte(b byte) error {
	if c.request != nil {
		return c.request.WriteByte(b)
	}
	_, err := c.Conn.Write([]byte{b})
	return err
}

// Read implements net.Conn.
func (c *requestConn) Read(p []byte) (int, error) {
	if c.request != nil {
		request := c.request
		c.request = nil
		err := request.Flush()
		request.Reset(nil)
		requests.Put(request)
		if err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}
