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

// Owner is whom a connection's messages are for. Its methods are called from
// the connection's one reading goroutine.
type Owner interface {
	// Text takes a message, whose bytes are its own only until it returns.
	Text(message []byte)
	// Closed is called once, after the last Text.
	Closed()
}

// Conn is one open connection. Its methods may be called from several
// goroutines at once.
type Conn struct {
	Number   uint64 // counted from 1 as they come
	Opened   time.Time
	Owner    Owner
	Withheld truth.Withheld // the deliveries kept from it on purpose

	hub    *Hub
	ws     *websocket.Conn
	active atomic.Int64 // last message either way, Unix ms

	mu      sync.Mutex // one frame at a time, and none after a close frame
	closing bool
}

// farewell is how long a peer has to answer a close frame.
const farewell = 2 * time.Second

// messages are read into buffers that are used again.
var messages = sync.Pool{New: func() any { return new(messageBuffer) }} // a pool is shared

// LastActive is when a message last passed, either way.
func (c *Conn) LastActive() time.Time { return time.UnixMilli(c.active.Load()) }

// RemoteAddr is the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// Write writes one frame, made by AppendFrame.
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

// broken gives up a connection after a failed write, which may have left half
// a frame behind.
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

// Close says goodbye with a code and a reason, and gives the peer a moment to
// answer. Nothing can be written afterwards.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return
	}
	c.closing = true
	deadline := time.Now().Add(farewell)
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
	if err != nil || c.ws.NetConn().SetReadDeadline(deadline) != nil {
		_ = c.ws.NetConn().Close()
	}
}

// Cut ends the connection at once, without a close frame.
func (c *Conn) Cut() {
	// Before the lock: this is also what ends a write that is stuck.
	_ = c.ws.NetConn().Close()
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
}

// read hands messages to the owner until the connection ends.
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

// drain reads what is left of a message that was too long. Closing the socket
// with bytes unread would reset it, and the peer might never see the 1009.
func (c *Conn) drain() {
	c.mu.Lock()
	c.closing = true // gorilla has written the close frame
	c.mu.Unlock()
	socket := c.ws.NetConn()
	if socket.SetReadDeadline(time.Now().Add(farewell)) == nil {
		_, _ = io.Copy(io.Discard, socket)
	}
}

// pong answers a ping. Whether one keeps a connection from being idle is
// nowhere documented for API Gateway; clients that only ping live on there.
func (c *Conn) pong(payload string) error {
	c.active.Store(time.Now().UnixMilli())
	err := c.ws.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(c.hub.limits.Write))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}
