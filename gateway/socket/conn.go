package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Owner receives a connection's messages. Its methods are called from the one
// goroutine that reads the connection.
type Owner interface {
	// Text receives a message. It must not keep the bytes after it returns.
	Text(message []byte)
	// Closed is called once, after the last Text.
	Closed()
}

// Conn is one open connection. Its methods may be called from several
// goroutines at once.
type Conn struct {
	Number   uint64 // its place among all connections of the hub, from 1
	Opened   time.Time
	Owner    Owner
	Withheld truth.Withheld // the deliveries that faults withheld from it

	hub    *Hub
	ws     *websocket.Conn
	active atomic.Int64 // when a message last passed in either direction, Unix ms

	mu      sync.Mutex // held for each frame, so that none is written after a close frame
	closing bool
}

// closeTimeout is how long a client has to answer a close frame.
const closeTimeout = 2 * time.Second

// messages holds buffers for messages, so that they are used again.
var messages = sync.Pool{New: func() any { return new(messageBuffer) }}

// LastActive returns when a message or a ping last passed, in either direction.
func (c *Conn) LastActive() time.Time { return time.UnixMilli(c.active.Load()) }

// RemoteAddr returns the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// Write writes one frame that was made by Frame or AppendFrame.
func (c *Conn) Write(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return ErrClosed
	}
	socket := c.ws.NetConn()
	now := time.Now()
	err := socket.SetWriteDeadline(now.Add(c.hub.limits.Write))
	if err == nil {
		// One call for the whole frame, so that gorilla's pongs, which go to
		// the same socket, come before or after it.
		_, err = socket.Write(frame)
	}
	if err != nil {
		c.broken(err)
		return err
	}
	c.active.Store(now.UnixMilli())
	c.hub.Counters.FramesOut.Add(1)
	return nil
}

// broken closes the socket after a failed write, which may have written half a
// frame.
func (c *Conn) broken(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.hub.Counters.Stuck.Add(1)
	}
	c.closing = true
	_ = c.ws.NetConn().Close()
}

// WriteError writes one frame and counts it as an error frame.
func (c *Conn) WriteError(frame []byte) error {
	if err := c.Write(frame); err != nil {
		return err
	}
	c.hub.Counters.Errors.Add(1)
	return nil
}

// Close writes a close frame with a code and a reason, and gives the client a
// limited time to answer. Nothing can be written afterwards.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	c.closing = true
	deadline := time.Now().Add(closeTimeout)
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
	if err != nil || c.ws.NetConn().SetReadDeadline(deadline) != nil {
		_ = c.ws.NetConn().Close()
	}
}

// Cut ends the connection at once, without a close frame.
func (c *Conn) Cut() {
	// Before the lock is taken, because a write that is stuck holds it and is
	// ended by this.
	_ = c.ws.NetConn().Close()
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
}

// read passes messages to the owner until the connection ends.
func (c *Conn) read() {
	defer c.Cut()
	for {
		kind, r, err := c.ws.NextReader()
		if err == nil && kind == websocket.BinaryMessage {
			c.Close(websocket.CloseUnsupportedData, "")
			_, err = io.Copy(io.Discard, r)
		} else if err == nil {
			err = c.message(r)
		}
		if errors.Is(err, websocket.ErrReadLimit) {
			c.drain()
		}
		if err != nil {
			return
		}
	}
}

// message reads one message and passes it to the owner. A message that comes
// after a close frame was written is ignored.
func (c *Conn) message(r io.Reader) error {
	buffer := messages.Get().(*messageBuffer) // the pool holds nothing else
	defer messages.Put(buffer)
	if err := buffer.readAll(r); err != nil {
		return err
	}
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	if closing {
		return nil
	}
	c.active.Store(time.Now().UnixMilli())
	c.hub.Counters.FramesIn.Add(1)
	c.Owner.Text(buffer.data)
	return nil
}

// drain reads the rest of a message that was too long. Closing the socket with
// bytes unread would reset it, and the client might never see the close frame
// with 1009.
func (c *Conn) drain() {
	c.mu.Lock()
	c.closing = true // gorilla has written the close frame
	c.mu.Unlock()
	socket := c.ws.NetConn()
	if socket.SetReadDeadline(time.Now().Add(closeTimeout)) == nil {
		_, _ = io.Copy(io.Discard, socket)
	}
}

// pong answers a ping, which also counts as activity: AWS does not document
// whether it does, but connections on which only pings pass are not closed there.
func (c *Conn) pong(payload string) error {
	c.active.Store(time.Now().UnixMilli())
	err := c.ws.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(c.hub.limits.Write))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}
