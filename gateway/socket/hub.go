// Package socket holds the WebSocket connections of a gateway: it upgrades
// them, reads them, writes to them, closes them when they are idle or old, and
// counts what passes. It doesn't know what the messages mean.
//
// It is made for many thousands of connections in one process. Each has one
// goroutine, which reads, but neither a timer nor a buffer while no message comes; and
// no connection waits for another one's client.
package socket

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// ErrClosed is the error of a write to a connection that is closed or closing,
// and of an upgrade while the gateway stops.
var ErrClosed = errors.New("connection is closed")

// Limits are the limits of a connection.
type Limits struct {
	Message     int64         // bytes in one message from the client; a longer one is answered with 1009
	Frame       int64         // bytes in one of its frames, likewise; 0 is unlimited
	Idle        time.Duration // without a message or a ping; 0 is unlimited
	Lifetime    time.Duration // from the upgrade on; 0 is unlimited
	Compression bool          // permessage-deflate is negotiated with clients that offer it (RFC 7692)
	Write       time.Duration // how long one frame may take before the client counts as stuck and is cut
}

// Counters count connections and messages, which control frames are not.
type Counters struct {
	Accepted, Refused   atomic.Int64 // upgrades; counted by the gateway, not by the hub
	FramesIn, FramesOut atomic.Int64
	Errors              atomic.Int64 // error frames sent, which are FramesOut too
	Stuck               atomic.Int64 // connections cut because a write took too long
	Overflowed          atomic.Int64 // messages not written because too much waited on their connection
}

// Reset sets every counter to zero.
func (c *Counters) Reset() {
	for _, n := range []*atomic.Int64{&c.Accepted, &c.Refused, &c.FramesIn, &c.FramesOut, &c.Errors, &c.Stuck, &c.Overflowed} {
		n.Store(0)
	}
}

// Hub is all connections of one gateway.
type Hub struct {
	Counters Counters

	limits   Limits
	upgrader websocket.Upgrader
	number   atomic.Uint64
	ctx      context.Context // ends when the hub is closed
	stop     context.CancelFunc
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[*Conn]struct{} // nil once the hub is closed
}

// The buffers are small because messages to a gateway are short. A frame that is
// longer than the read buffer is read in pieces; only control frames are written
// through a write buffer.
const (
	readBuffer  = 256
	writeBuffer = 256
)

// NewHub returns an empty Hub that supports the given subprotocols. It must be
// closed.
func NewHub(limits Limits, subprotocols ...string) *Hub {
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		limits: limits,
		upgrader: websocket.Upgrader{
			ReadBufferSize:    readBuffer,
			WriteBufferSize:   writeBuffer,
			WriteBufferPool:   &sync.Pool{},
			Subprotocols:      subprotocols,
			EnableCompression: limits.Compression,
			CheckOrigin:       func(*http.Request) bool { return true },
			Error:             func(http.ResponseWriter, *http.Request, int, error) {},
		},
		ctx:   ctx,
		stop:  stop,
		conns: map[*Conn]struct{}{},
	}
	h.Go(h.sweep)
	return h
}

// Context returns a context that ends when the hub is closed.
func (h *Hub) Context() context.Context { return h.ctx }

// Go runs f in a goroutine that Close waits for.
func (h *Hub) Go(f func()) { h.running.Go(f) }

// Upgrade upgrades a request to a connection, which must be passed to Serve. If
// it returns an error, the request has not been answered.
func (h *Hub) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	if !h.enter() {
		return nil, ErrClosed
	}
	c := &Conn{hub: h, stream: stream{limit: h.limits.Frame}}
	ws, err := h.upgrader.Upgrade(hijacker{w, &c.stream}, r, nil)
	if err != nil {
		h.running.Done()
		return nil, err
	}
	ws.SetReadLimit(h.limits.Message)
	ws.SetPingHandler(c.pong)
	ws.SetCloseHandler(c.answerClose)
	c.Number, c.Opened, c.ws = h.number.Add(1), time.Now(), ws
	c.socket, c.raw = c.stream.Conn, rawOf(c.stream.Conn)
	c.stream.conn, c.compressed = c, c.stream.compressed
	c.active.Store(c.Opened.UnixMilli())
	return c, nil
}

// enter makes Close wait for one more connection. It returns false if the hub is
// closed.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns == nil {
		return false
	}
	h.running.Add(1)
	return true
}

// Serve begins to read the connection for its owner. It does so in a new
// goroutine, so that the HTTP server's goroutine and its buffers are freed.
func (h *Hub) Serve(c *Conn, owner Owner) {
	c.Owner = owner
	h.mu.Lock()
	open := h.conns != nil
	if open {
		h.conns[c] = struct{}{}
	}
	h.mu.Unlock()
	if !open {
		c.Close(websocket.CloseGoingAway, "Going away")
	}
	go func() {
		defer h.running.Done()
		c.read()
		h.mu.Lock()
		delete(h.conns, c)
		h.mu.Unlock()
		owner.Closed()
	}()
}

// Conns returns the connections that are open now.
func (h *Hub) Conns() []*Conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Conn, 0, len(h.conns))
	for c := range h.conns {
		list = append(list, c)
	}
	return list
}

// Close closes every connection with 1001 and waits until all have ended.
func (h *Hub) Close() {
	h.mu.Lock()
	conns := h.conns
	h.conns = nil
	h.mu.Unlock()
	h.stop()
	for c := range conns {
		c.Close(websocket.CloseGoingAway, "Going away")
	}
	h.running.Wait()
}
