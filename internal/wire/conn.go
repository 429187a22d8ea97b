// Package wire is one WebSocket connection (RFC 6455). It is opened by a dialer that
// the caller brings, each of its messages comes with its arrival time, and it takes
// little memory, because a load test has very many connections.
package wire

import (
	"bytes"
	"cmp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// Conn is an open WebSocket connection. One goroutine may read; any may write.
type Conn struct {
	socket   *websocket.Conn
	arrivals *arrivalConn // nil: messages are dated when they are read
	buffer   *bytes.Buffer
	onPong   func(roundTrip time.Duration)
	// pinged is when the ping that waits for its pong was sent, by sinceStart; zero if
	// none waits.
	pinged     atomic.Int64
	maxMessage int64
	// writeTimeout bounds every write, so that a peer that doesn't read can't block
	// its writer forever.
	writeTimeout time.Duration
	writing      sync.Mutex
}

// defaultWriteTimeout is the writeTimeout of every connection outside of tests.
const defaultWriteTimeout = 10 * time.Second

// Message is one data message.
type Message struct {
	// Data is valid until the next Read.
	Data []byte
	// Arrived is when the message's last byte had reached this host.
	Arrived time.Time
	// Read is when this process had read the whole message.
	Read time.Time
}

// defaultMaxMessage is Target.MaxMessage where none is given.
const defaultMaxMessage = 1 << 20

func newConn(socket *websocket.Conn, arrivals *arrivalConn, maxMessage int64) *Conn {
	if maxMessage <= 0 {
		maxMessage = defaultMaxMessage
	}
	c := &Conn{socket: socket, arrivals: arrivals, maxMessage: maxMessage, writeTimeout: defaultWriteTimeout}
	socket.SetReadLimit(maxMessage)
	socket.SetPongHandler(c.pong)
	return c
}

// OnPong sets the function that Read calls for each answer to Ping. It must be set
// before the first Read.
func (c *Conn) OnPong(f func(roundTrip time.Duration)) { c.onPong = f }

// maxPooledBuffer is the largest buffer that goes back into the pool: one that grew
// for a large message would waste memory on small ones.
const maxPooledBuffer = 64 << 10

// buffers holds the read buffers of all connections. A connection has one from a
// message's first byte until the next Read, so that one that waits has none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Read waits for the next message. After an error the connection can only be
// closed; CloseCode and Violation say what the error means.
func (c *Conn) Read() (Message, error) {
	c.release()
	kind, reader, err := c.socket.NextReader()
	if err != nil {
		return Message{}, c.readError(err)
	}
	c.buffer, _ = buffers.Get().(*bytes.Buffer)
	c.buffer.Reset()
	if _, err := c.buffer.ReadFrom(reader); err != nil {
		return Message{}, c.readError(err)
	}
	m := Message{Data: c.buffer.Bytes(), Read: time.Now()}
	m.Arrived = m.Read
	if c.arrivals != nil && !c.arrivals.last.IsZero() {
		m.Arrived = c.arrivals.last
	}
	if kind == websocket.TextMessage && !utf8.Valid(m.Data) {
		return Message{}, c.notUTF8()
	}
	return m, nil
}

func (c *Conn) release() {
	if c.buffer != nil && c.buffer.Cap() <= maxPooledBuffer {
		buffers.Put(c.buffer)
	}
	c.buffer = nil
}

// Write sends one text message.
func (c *Conn) Write(text []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.socket.SetWriteDeadline(time.Now().Add(c.writeTimeout)); err != nil {
		return err
	}
	return c.socket.WriteMessage(websocket.TextMessage, text)
}

// Ping sends a ping whose payload is its own time, so that no peer can answer it
// before it has come.
func (c *Conn) Ping() error {
	now := sinceStart()
	c.pinged.Store(now)
	return c.socket.WriteControl(websocket.PingMessage, pingPayload(now), time.Now().Add(c.writeTimeout))
}

// pong passes on the round trip of the last ping. Every other pong is ignored: it is
// legal and may carry anything (RFC 6455, section 5.5.3).
func (c *Conn) pong(payload string) error {
	pinged := c.pinged.Load()
	if pinged == 0 || payload != string(pingPayload(pinged)) || !c.pinged.CompareAndSwap(pinged, 0) {
		return nil
	}
	if c.onPong != nil {
		c.onPong(time.Duration(sinceStart() - pinged))
	}
	return nil
}

func pingPayload(sent int64) []byte { return strconv.AppendInt(nil, sent, 10) }

// started is when sinceStart was zero.
var started = time.Now()

// sinceStart is a clock in nanoseconds that nobody can set. It is never zero.
func sinceStart() int64 { return cmp.Or(int64(time.Since(started)), 1) }
