package socket

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

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

	hub        *Hub
	ws         *websocket.Conn
	stream     stream          // what ws reads and writes
	socket     net.Conn        // below it
	raw        syscall.RawConn // nil if the socket can't be written to without waiting
	compressed bool            // messages to the client are
	active     atomic.Int64    // when a message last passed in either direction, Unix ms

	outbox
}

// closeTimeout is how long a client has to answer a close frame.
const closeTimeout = 2 * time.Second

// messages holds buffers for messages, so that they are used again.
var messages = sync.Pool{New: func() any { return new(messageBuffer) }}

// LastActive returns when a message or a ping last passed, in either direction.
func (c *Conn) LastActive() time.Time { return time.UnixMilli(c.active.Load()) }

// RemoteAddr returns the client's address.
func (c *Conn) RemoteAddr() net.Addr { return c.socket.RemoteAddr() }

// Close writes a close frame with a code and a reason after all that waits, and gives the
// client a limited time to take it and to answer. Nothing can be written afterwards.
func (c *Conn) Close(code int, reason string) {
	c.finish(controlFrame(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason)))
}

// finish writes a close frame, unless one was written before.
func (c *Conn) finish(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	_, err := c.begin(frame, closing, nil)
	c.ended = true
	if err != nil || c.socket.SetReadDeadline(time.Now().Add(closeTimeout)) != nil {
		_ = c.socket.Close()
	}
}

// answerClose answers a client's close frame with the same code.
func (c *Conn) answerClose(code int, _ string) error {
	c.Close(code, "")
	return nil
}

// Cut ends the connection at once, without a close frame. What waits to be written is lost.
func (c *Conn) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	_ = c.socket.Close()
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
		if errors.Is(err, websocket.ErrReadLimit) || errors.Is(err, errFrameTooLong) {
			c.Close(websocket.CloseMessageTooBig, "")
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
	// Package websocket counts the bytes that come, of which few may be many.
	limited := &io.LimitedReader{R: r, N: c.hub.limits.Message + 1}
	if err := buffer.readAll(limited); err != nil {
		return err
	}
	if limited.N == 0 {
		return websocket.ErrReadLimit
	}
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	if ended {
		return nil
	}
	if !utf8.Valid(buffer.data) {
		c.Close(websocket.CloseInvalidFramePayloadData, "")
		return nil
	}
	c.active.Store(time.Now().UnixMilli())
	c.hub.Counters.FramesIn.Add(1)
	c.Owner.Text(buffer.data)
	return nil
}

// drain reads what still comes after something that was too long. Closing the socket with
// bytes unread would reset it, and the client might never see the close frame with 1009.
func (c *Conn) drain() {
	_, _ = io.Copy(io.Discard, c.socket) // Close has set a deadline
}

// pong answers a ping, which also counts as activity: AWS does not document
// whether it does, but connections on which only pings pass are not closed there.
func (c *Conn) pong(payload string) error {
	c.active.Store(time.Now().UnixMilli())
	err := c.send(controlFrame(websocket.PongMessage, []byte(payload)), control, nil)
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrFull) {
		return nil // a client that doesn't read gets no more pongs
	}
	return err
}
