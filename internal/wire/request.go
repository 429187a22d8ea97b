package wire

import (
	"bufio"
	"net"
	"sync"
)

// requestConn collects the upgrade request in a pooled buffer and sends it when the
// response is read. By itself net/http allocates four kilobytes for each request it
// writes, a lot compared with what a connection needs. It also bounds the response.
// After that it passes everything on to the connection below.
type requestConn struct {
	net.Conn
	request  *bufio.Writer // nil once it has been sent
	response int           // how much more of the response may be read; negative: it is over
}

// requests holds the buffers for upgrade requests.
var requests = sync.Pool{New: func() any { return bufio.NewWriter(nil) }}

func newRequestConn(conn net.Conn) *requestConn {
	request, _ := requests.Get().(*bufio.Writer)
	request.Reset(conn)
	return &requestConn{Conn: conn, request: request, response: maxResponse}
}

// responseRead ends the limit on what is read.
func (c *requestConn) responseRead() { c.response = -1 }

// Write implements net.Conn.
func (c *requestConn) Write(p []byte) (int, error) {
	if c.request != nil {
		return c.request.Write(p)
	}
	return c.Conn.Write(p)
}

// WriteByte implements io.ByteWriter: net/http adds no buffer of its own to a writer
// that does.
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
	switch {
	case c.response < 0:
		return c.Conn.Read(p)
	case c.response == 0:
		return 0, errResponseTooLong
	default:
		n, err := c.Conn.Read(p[:min(len(p), c.response)])
		c.response -= n
		return n, err
	}
}
