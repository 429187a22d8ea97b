package hostile

import (
	"encoding/binary"
	"fmt"
	"net/http"
)

// closing is the payload of a close frame.
func closing(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// Bye closes a connection in the usual way.
func (c *Conn) Bye() { c.Frame(OpClose, closing(1000, "enough")) }

// CloseReason is what the servers of this package say when they close with a code.
func CloseReason(code int) string { return fmt.Sprintf("the reason of %d", code) }

// CloseWith closes connections that are ready with these codes, one after the other.
func CloseWith(codes ...int) Behaviour {
	return Behaviour{Ready: func(c *Conn) {
		code := codes[c.Number%len(codes)]
		c.Frame(OpClose, closing(code, CloseReason(code)))
	}}
}

// ClosePayload closes connections that are ready with this payload.
func ClosePayload(payload []byte) Behaviour { return once(frame(fin|OpClose, payload)) }

// CloseAtOnce closes connections straight after the upgrade.
func CloseAtOnce(code int) Behaviour {
	return Behaviour{Opened: func(c *Conn) {
		c.Frame(OpClose, closing(code, ""))
		c.Stall()
	}}
}

// Stage is a point in a connection's life.
type Stage string

// The stages at which a connection can end.
const (
	AtAccept    Stage = "after accept"
	AtRequest   Stage = "during the request"
	AtResponse  Stage = "during the response"
	AtUpgrade   Stage = "after the upgrade"
	AtHandshake Stage = "in the dialect's handshake"
	AtReady     Stage = "after ready"
	AtFrame     Stage = "in a frame"
)

// Stages are all stages, in their order.
func Stages() []Stage {
	return []Stage{AtAccept, AtRequest, AtResponse, AtUpgrade, AtHandshake, AtReady, AtFrame}
}

// EndAt ends connections at a stage, by (*Conn).Reset or (*Conn).Cut.
func EndAt(stage Stage, end func(*Conn)) Behaviour {
	switch stage {
	case AtAccept:
		return Behaviour{Accepted: end}
	case AtRequest:
		return Behaviour{Accepted: func(c *Conn) {
			_, _ = c.in.ReadByte()
			end(c)
		}}
	case AtResponse:
		return Behaviour{Requested: func(c *Conn, _ *http.Request) {
			c.Print("HTTP/1.1 101 Switching Pro")
			end(c)
		}}
	case AtUpgrade:
		return Behaviour{Opened: end}
	case AtHandshake:
		return Behaviour{Shaken: func(c *Conn) {
			c.server.dialect.Begin(c)
			end(c)
		}}
	case AtFrame:
		return Behaviour{Ready: func(c *Conn) {
			_, _ = c.Write(append(header(fin|OpText, 1000), "the beginning"...))
			end(c)
		}}
	case AtReady:
	}
	return Behaviour{Ready: end}
}
