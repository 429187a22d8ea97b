package hostile

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 6455 has it so
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Accept answers an upgrade request as it should be. More lines may be added to the
// header.
func (c *Conn) Accept(request *http.Request, more ...string) {
	c.upgraded = true
	c.Print(acceptance(request, more...))
}

func acceptance(request *http.Request, more ...string) string {
	lines := []string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + acceptKey(request.Header.Get("Sec-WebSocket-Key")),
	}
	for _, subprotocol := range []string{"graphql-ws", "aws-appsync-event-ws"} {
		if strings.Contains(request.Header.Get("Sec-WebSocket-Protocol"), subprotocol) {
			lines = append(lines, "Sec-WebSocket-Protocol: "+subprotocol)
		}
	}
	return strings.Join(append(lines, more...), "\r\n") + "\r\n\r\n"
}

// acceptKey is what proves that the server has understood (RFC 6455, section 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 has it so
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Respond sends a whole HTTP response, after which the connection is over. Header
// lines are of the form "Name: value".
func (c *Conn) Respond(status int, header []string, body string) {
	lines := append([]string{
		fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status)),
		"Connection: close", fmt.Sprintf("Content-Length: %d", len(body)),
	}, header...)
	c.Print(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
	c.Cut()
}

// Refuse answers upgrades with these statuses, one after the other.
func Refuse(statuses ...int) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Respond(statuses[c.Number%len(statuses)], []string{"Content-Type: application/json"}, `{"message":"Not you"}`)
	}}
}

// RefuseForever refuses an upgrade with a body that has no end.
func RefuseForever(total int) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Print("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n")
		c.Flood(bytes.Repeat([]byte("no "), 1<<16), total)
		c.Cut()
	}}
}

// AnswerWith answers an upgrade with this text.
func AnswerWith(text string) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Print(text)
		c.Cut()
	}}
}

// WrongAccept answers an upgrade with the key of another.
func WrongAccept() Behaviour {
	return Behaviour{Requested: func(c *Conn, request *http.Request) {
		request.Header.Set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
		c.Accept(request)
	}}
}

// AcceptWith accepts an upgrade with further header lines.
func AcceptWith(lines ...string) Behaviour {
	return Behaviour{Requested: func(c *Conn, request *http.Request) { c.Accept(request, lines...) }}
}

// EndlessHeader answers an upgrade with a header that has no end.
func EndlessHeader(total int) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Print("HTTP/1.1 101 Switching Protocols\r\n")
		c.Flood(bytes.Repeat([]byte("X-Filler: "+strings.Repeat("x", 1000)+"\r\n"), 64), total)
		c.Stall()
	}}
}

// EndlessLine is EndlessHeader with a single line.
func EndlessLine(total int) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Print("HTTP/1.1 101 ")
		c.Flood(bytes.Repeat([]byte("x"), 1<<16), total)
		c.Stall()
	}}
}

// Trickled accepts an upgrade, but byte by byte.
func Trickled(pause time.Duration) Behaviour {
	return Behaviour{Requested: func(c *Conn, request *http.Request) {
		c.upgraded = true
		c.Trickle(acceptance(request), pause)
	}}
}

// NoAnswer never answers an upgrade.
func NoAnswer() Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) { c.Stall() }}
}

// RedirectUpgrade sends an upgrade to another server.
func RedirectUpgrade(status int, to *Server) Behaviour {
	return Behaviour{Requested: func(c *Conn, _ *http.Request) {
		c.Respond(status, []string{"Location: http://" + to.Address() + "/dev"}, "")
	}}
}
