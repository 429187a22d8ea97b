// Package wire is one WebSocket connection (RFC 6455): opened through a dialer of
// the caller's, read with the time at which each message arrived, and small,
// because a load test has very many of them.
package wire

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Conn is an open WebSocket connection. One goroutine may read; any may write.
type Conn struct {
	socket   *websocket.Conn
	arrivals *arrivalConn // nil: arrivals are dated when they are read
	buffer   *bytes.Buffer
	onPong   func(roundTrip time.Duration)
	writing  sync.Mutex
}

// Message is one data message.
type Message struct {
	// Data is valid until the next Read.
	Data []byte
	// Arrived is when the message's last byte had reached this host.
	Arrived time.Time
	// Read is when this process had it.
	Read time.Time
}

func newConn(socket *websocket.Conn, arrivals *arrivalConn) *Conn {
	c := &Conn{socket: socket, arrivals: arrivals}
	socket.SetPongHandler(c.pong)
	return c
}

// OnPong has f called by Read for each answer to Ping. Set it before the first Read.
func (c *Conn) OnPong(f func(roundTrip time.Duration)) { c.onPong = f }

// A buffer that once held a large message isn't kept for the small ones.
const keepBuffersUpTo = 64 << 10

// Buffers are lent from a message's first byte until the next Read, so that a
// connection that waits holds none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }} // shared by all connections

// Read waits for the next message. After an error the connection is of no more
// use but to be closed; CloseCode tells what the error means.
func (c *Conn) Read() (Message, error) {
	c.release()
	_, reader, err := c.socket.NextReader()
	if err != nil {
		return Message{}, err
	}
	c.buffer, _ = buffers.Get().(*bytes.Buffer)
	c.buffer.Reset()
	if _, err := c.buffer.ReadFrom(reader); err != nil {
		return Message{}, err
	}
	m := Message{Data: c.buffer.Bytes(), Read: time.Now()}
	m.Arrived = m.Read
	if c.arrivals != nil && !c.arrivals.last.IsZero() {
		m.Arrived = c.arrivals.last
	}
	return m, nil
}

func (c *Conn) release() {
	if c.buffer != nil && c.buffer.Cap() <= keepBuffersUpTo {
		buffers.Put(c.buffer)
	}
	c.buffer = nil
}

// Write sends one text message.
func (c *Conn) Write(text []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.socket.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return c.socket.WriteMessage(websocket.TextMessage, text)
}

// Ping sends a ping that carries its own time, so that its pong tells the round
// trip without anything kept here.
func (c *Conn) Ping() error {
	now := time.Now()
	return c.socket.WriteControl(websocket.PingMessage, strconv.AppendInt(nil, now.UnixNano(), 10), now.Add(writeTimeout))
}

func (c *Conn) pong(payload string) error {
	sent, err := strconv.ParseInt(payload, 10, 64)
	if err == nil && c.onPong != nil { // a pong that nobody asked for is legal and says nothing
		c.onPong(time.Since(time.Unix(0, sent)))
	}
	return nil
}

// Close begins the closing handshake; Read ends once the peer has answered,
// or with an error when it hasn't within patience.
func (c *Conn) Close(code int, reason string, patience time.Duration) {
	deadline := time.Now().Add(patience)
	_ = c.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
	_ = c.socket.SetReadDeadline(deadline)
}

// CloseNow closes the connection at once. The reader calls it when Read has failed.
func (c *Conn) CloseNow() {
	_ = c.socket.Close()
}

// CloseCode says how the peer hung up: its close code and reason, 1005 where it
// gave none, and 1006 where the connection just ended (RFC 6455, section 7.4.1).
func CloseCode(err error) (code int, reason string) {
	var closed *websocket.CloseError
	switch ok := errors.As(err, &closed); {
	case ok && closed.Code != websocket.CloseAbnormalClosure:
		return closed.Code, closed.Text
	case ok, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // 1006 is gorilla's word for it
		return websocket.CloseAbnormalClosure, ""
	default:
		return websocket.CloseAbnormalClosure, err.Error()
	}
}
