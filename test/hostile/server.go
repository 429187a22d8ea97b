// Package hostile is a push gateway that misbehaves: a TCP server on 127.0.0.1
// that speaks HTTP, WebSocket (RFC 6455) and the two dialects well enough to get a
// client to the stage at which it is then attacked. It writes every byte itself,
// so it can write what no library would.
package hostile

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// Behaviour is what a server does at each stage of a connection. Where a stage is
// nil, it does what a good gateway does.
type Behaviour struct {
	// Accepted comes before anything is read.
	Accepted func(*Conn)
	// Requested answers the upgrade request, in place of accepting it.
	Requested func(*Conn, *http.Request)
	// Opened comes straight after the upgrade.
	Opened func(*Conn)
	// Shaken is the dialect's handshake, in place of a good one.
	Shaken func(*Conn)
	// Ready comes once the dialect's handshake is done, while the connection is
	// being read, unless the server is Deaf.
	Ready func(*Conn)
	// Deaf servers read nothing any more once the dialect's handshake is done.
	Deaf bool
	// Relayed sends a broadcast, known by its stamp, to one connection.
	Relayed func(to *Conn, stamp string)
	// Posted answers a mutation.
	Posted func(c *Conn, body []byte)
	// TLS serves over TLS, with a certificate that nobody knows.
	TLS bool
}

// Server is a running hostile gateway.
type Server struct {
	dialect   Dialect
	behaviour Behaviour
	listener  net.Listener
	serving   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	accepted int
	open     map[*Conn]struct{}
	room     map[*Conn]struct{} // those that are ready
	strayed  []string           // what has reached it; see Trap
}

// Serve starts a server on a free port of 127.0.0.1.
func Serve(dialect Dialect, behaviour Behaviour) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if behaviour.TLS {
		certificate, err := selfSigned()
		if err != nil {
			return nil, err
		}
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		})
	}
	s := &Server{
		dialect: dialect, behaviour: behaviour, listener: listener,
		open: make(map[*Conn]struct{}), room: make(map[*Conn]struct{}),
	}
	s.serving.Go(s.accept)
	return s, nil
}

// Address is the server's host and port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close ends the server and every connection, and waits until all is over.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	_ = s.listener.Close()
	for c := range s.open {
		c.Cut()
	}
	s.mu.Unlock()
	s.serving.Wait()
}

func (s *Server) accept() {
	for {
		socket, err := s.listener.Accept()
		if err != nil {
			return
		}
		if c := s.enter(socket); c != nil {
			s.serving.Go(func() { s.serve(c) })
		}
	}
}

// enter takes a connection in, unless the server is closed.
func (s *Server) enter(socket net.Conn) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = socket.Close()
		return nil
	}
	c := newConn(s, socket, s.accepted)
	s.accepted++
	s.open[c] = struct{}{}
	return c
}

func (s *Server) leave(c *Conn) {
	c.Cut()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	delete(s.room, c)
}

// serve takes one connection through its stages, as far as it gets.
func (s *Server) serve(c *Conn) {
	defer s.leave(c)
	if s.behaviour.Accepted != nil {
		s.behaviour.Accepted(c)
	}
	request, body, err := c.readRequest()
	switch {
	case err != nil:
	case request.Method == http.MethodPost:
		s.post(c, body)
	case s.upgrade(c, request):
		s.hold(c)
	}
}

func (s *Server) post(c *Conn, body []byte) {
	if s.behaviour.Posted != nil {
		s.behaviour.Posted(c, body)
		return
	}
	s.Broadcast(body)
	answer := `{"data":{"createRoom":{"id":"1","title":"x"}}}`
	if s.dialect == Events {
		answer = `{"successful":[{"identifier":"a","index":0}],"failed":[]}`
	}
	c.Respond(http.StatusOK, nil, answer)
}

// upgrade reports whether the connection has become a WebSocket.
func (s *Server) upgrade(c *Conn, request *http.Request) bool {
	if s.behaviour.Requested != nil {
		s.behaviour.Requested(c, request)
	} else {
		c.Accept(request)
	}
	return c.upgraded && !c.Ended()
}

// hold takes a WebSocket through the dialect's handshake, and relays what it says
// until it is closed.
func (s *Server) hold(c *Conn) {
	if s.behaviour.Opened != nil {
		s.behaviour.Opened(c)
	}
	shake := s.dialect.Shake
	if s.behaviour.Shaken != nil {
		shake = s.behaviour.Shaken
	}
	if shake(c); c.Ended() {
		return
	}
	s.mu.Lock()
	s.room[c] = struct{}{}
	s.mu.Unlock()
	if s.behaviour.Ready != nil {
		if s.behaviour.Deaf {
			s.behaviour.Ready(c)
			return
		}
		s.serving.Go(func() { s.behaviour.Ready(c) })
	}
	s.converse(c)
}

// converse reads until the connection ends.
func (s *Server) converse(c *Conn) {
	for {
		opcode, payload, err := c.ReadFrame()
		switch {
		case err != nil:
			return
		case opcode == OpClose:
			c.Frame(OpClose, payload)
			return
		case opcode == OpPing:
			c.Frame(OpPong, payload)
		case opcode == OpText:
			s.Broadcast(payload)
		}
	}
}

// Broadcast relays the stamp in a message, if there is one, to all who are ready.
func (s *Server) Broadcast(message []byte) {
	stamp := stampIn.Find(message)
	if stamp == nil {
		return
	}
	s.mu.Lock()
	room := make([]*Conn, 0, len(s.room))
	for c := range s.room {
		room = append(room, c)
	}
	s.mu.Unlock()
	for _, c := range room {
		if s.behaviour.Relayed != nil {
			s.behaviour.Relayed(c, string(stamp))
		} else {
			c.Text(c.Data(string(stamp)))
		}
	}
}
