package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
)

// answer is a behaviour that answers every mutation with a status and a body.
func answer(status int, body string, header ...string) Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) { c.Respond(status, header, body) }}
}

// AnswerHTML answers mutations with a page, as a proxy does that is in between.
func AnswerHTML(status int) Behaviour {
	return answer(status, "<html><body>Something else is here</body></html>", "Content-Type: text/html")
}

// AnswerJSON answers mutations with these bodies, one after the other.
func AnswerJSON(bodies ...string) Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) {
		c.Respond(http.StatusOK, []string{"Content-Type: application/json"}, bodies[c.Number%len(bodies)])
	}}
}

// AnswerBrackets answers mutations with that many opening brackets behind some JSON.
func AnswerBrackets(before string, n int) Behaviour {
	return answer(http.StatusOK, before+strings.Repeat("[", n), "Content-Type: application/json")
}

// AnswerLong answers mutations with a body of that size.
func AnswerLong(size int) Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) {
		c.Print(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size))
		c.Flood(bytes.Repeat([]byte(" "), 1<<16), size)
		c.Cut()
	}}
}

// AnswerZipped answers mutations with a body that is small until it is unzipped, to about
// that size. It has many members, all of them alike (RFC 1952, section 2.2).
func AnswerZipped(size int) Behaviour {
	const memberSize = 1 << 20
	var member strings.Builder
	w := gzip.NewWriter(&member)
	_, _ = w.Write(bytes.Repeat([]byte(" "), memberSize))
	_ = w.Close()
	body := strings.Repeat(member.String(), size/memberSize)
	return answer(http.StatusOK, body, "Content-Type: application/json", "Content-Encoding: gzip")
}

// AnswerEndlessHeader answers mutations with a header that has no end.
func AnswerEndlessHeader(total int) Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) {
		c.Print("HTTP/1.1 200 OK\r\n")
		c.Flood(bytes.Repeat([]byte("X-Filler: "+strings.Repeat("x", 1000)+"\r\n"), 64), total)
		c.Cut()
	}}
}

// AnswerNever never answers a mutation.
func AnswerNever() Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) { c.Stall() }}
}

// AnswerReset resets the connection in place of an answer.
func AnswerReset() Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) { c.Reset() }}
}

// Redirect sends mutations to another server.
func Redirect(status int, to *Server) Behaviour {
	return Behaviour{Posted: func(c *Conn, _ []byte) {
		c.Respond(status, []string{"Location: http://" + to.Address() + "/graphql"}, "")
	}}
}

// Trap starts a server that no client should ever reach. It notes what is asked of it.
func Trap() (*Server, error) {
	return Serve(AppSync, Behaviour{Accepted: func(c *Conn) {
		request, body, err := c.readRequest()
		note := "a connection"
		if err == nil {
			note = fmt.Sprintf("%s %s, X-Api-Key %q, body %q", request.Method, request.URL, request.Header.Get("X-Api-Key"), body)
		}
		c.server.noteStray(note)
		c.Respond(http.StatusOK, nil, `{"data":{}}`)
	}})
}

func (s *Server) noteStray(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strayed = append(s.strayed, note)
}

// Strayed is what has reached a Trap.
func (s *Server) Strayed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.strayed...)
}
