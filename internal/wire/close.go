package wire

import (
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"
)

// Close begins the closing handshake. Read returns an error once the peer has
// answered, and after timeout at the latest.
func (c *Conn) Close(code int, reason string, timeout time.Duration) {
	deadline := time.Now().Add(timeout)
	_ = c.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
	_ = c.socket.SetReadDeadline(deadline)
}

// CloseNow closes the connection without a handshake. The reader calls it when Read
// has failed.
func (c *Conn) CloseNow() {
	_ = c.socket.Close()
}

// CloseCode returns the close code and reason that an error of Read stands for: the
// peer's own, 1005 where the peer gave none, this side's where it ended the connection
// because of a Violation, and 1006 where the connection ended without a close frame
// (RFC 6455, section 7.4.1).
func CloseCode(err error) (code int, reason string) {
	var closed *websocket.CloseError
	var violation *violationError
	switch ok := errors.As(err, &closed); {
	case errors.As(err, &violation):
		return violation.code, violation.reason
	case ok && closed.Code != websocket.CloseAbnormalClosure:
		return closed.Code, closed.Text
	case ok, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // gorilla's text for 1006 says no more
		return websocket.CloseAbnormalClosure, ""
	default:
		return websocket.CloseAbnormalClosure, err.Error()
	}
}
