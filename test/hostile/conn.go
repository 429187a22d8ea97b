package hostile

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is one connection to a server. Its methods may be called from several
// goroutines at once, but for reading. What is written to a connection that has
// ended goes nowhere; see Ended.
type Conn struct {
	// Number counts the connections of a server, from 0.
	Number int

	server   *Server
	socket   net.Conn
	in       *bufio.Reader
	upgraded bool // the client has been told that it is a WebSocket now
	ended    atomic.Bool
	writing  sync.Mutex
}

func newConn(s *Server, socket net.Conn, number int) *Conn {
	return &Conn{Number: number, server: s, socket: socket, in: bufio.NewReaderSize(socket, 64<<10)}
}

// Ended reports whether the connection is no more.
func (c *Conn) Ended() bool { return c.ended.Load() }

// Write sends bytes as they are.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n, err := c.socket.Write(p)
	if err != nil {
		c.ended.Store(true)
	}
	return n, err
}

// Print sends a text as it is.
func (c *Conn) Print(text string) { _, _ = c.Write([]byte(text)) }

// Flood sends bytes again and again, until that many are sent or the connection
// has ended.
func (c *Conn) Flood(p []byte, total int) {
	for sent := 0; sent < total && !c.Ended(); sent += len(p) {
		_, _ = c.Write(p)
	}
}

// Trickle sends a text byte by byte.
func (c *Conn) Trickle(text string, pause time.Duration) {
	for i := 0; i < len(text) && !c.Ended(); i++ {
		c.Print(text[i : i+1])
		time.Sleep(pause)
	}
}

// Stall says nothing more, and waits until the client hangs up.
func (c *Conn) Stall() {
	_, _ = io.Copy(io.Discard, c.in)
	c.Cut()
}

// Cut ends the connection: the client reads an end of file.
func (c *Conn) Cut() {
	c.ended.Store(true)
	_ = c.socket.Close()
}

// Reset ends the connection so that the client reads "connection reset by peer".
func (c *Conn) Reset() {
	socket := c.socket
	if secure, ok := socket.(interface{ NetConn() net.Conn }); ok {
		socket = secure.NetConn()
	}
	if plain, ok := socket.(*net.TCPConn); ok {
		_ = plain.SetLinger(0)
	}
	c.ended.Store(true)
	_ = socket.Close()
}

// readRequest reads one HTTP request with its body.
func (c *Conn) readRequest() (*http.Request, []byte, error) {
	request, err := http.ReadRequest(c.in)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(request.Body)
	return request, body, err
}
