package wire

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// What Violation returns.
const (
	// ProtocolError is anything that RFC 6455 forbids.
	ProtocolError = "ProtocolError"
	// MessageTooBig is a message above Target.MaxMessage.
	MessageTooBig = "MessageTooBig"
)

// violationError is why this side ended a connection: the peer sent what it must not.
type violationError struct {
	name   string // ProtocolError or MessageTooBig
	code   int    // the close code that tells the peer
	reason string
	err    error
}

func (v *violationError) Error() string { return v.reason }

func (v *violationError) Unwrap() error { return v.err }

// Violation returns what the peer did wrong, if that is what an error of Read stands
// for: ProtocolError or MessageTooBig, and otherwise an empty string.
func Violation(err error) string {
	var violation *violationError
	if errors.As(err, &violation) {
		return violation.name
	}
	return ""
}

// gorillaPrefix begins the text of gorilla's errors. It has no type for those about
// what the peer sent.
const gorillaPrefix = "websocket: "

// readError returns what an error of gorilla's reader means. Violations are told to
// the peer.
func (c *Conn) readError(err error) error {
	var closed *websocket.CloseError
	var network net.Error
	switch words, own := strings.CutPrefix(err.Error(), gorillaPrefix); {
	case errors.Is(err, websocket.ErrReadLimit):
		return c.refuse(&violationError{
			name:   MessageTooBig,
			code:   websocket.CloseMessageTooBig,
			reason: fmt.Sprintf("a message was longer than maxMessageSize, %d bytes", c.maxMessage),
			err:    err,
		})
	case !own, errors.As(err, &closed), errors.As(err, &network), errors.Is(err, websocket.ErrCloseSent):
		return err
	default: // gorilla has told the peer
		return &violationError{name: ProtocolError, code: websocket.CloseProtocolError, reason: words, err: err}
	}
}

var errNotUTF8 = errors.New("the text of a message is not UTF-8")

// notUTF8 returns the error for a text message with other bytes than UTF-8 (RFC 6455,
// section 8.1).
func (c *Conn) notUTF8() error {
	return c.refuse(&violationError{
		name:   ProtocolError,
		code:   websocket.CloseInvalidFramePayloadData,
		reason: errNotUTF8.Error(),
		err:    errNotUTF8,
	})
}

// refuse tells the peer about its violation, unless gorilla has. A peer that doesn't
// read is not waited for.
func (c *Conn) refuse(v *violationError) error {
	message := websocket.FormatCloseMessage(v.code, v.reason)
	_ = c.socket.WriteControl(websocket.CloseMessage, message, time.Now().Add(refusalTimeout))
	return v
}

// refusalTimeout is how long gorilla tries to send its own close frames.
const refusalTimeout = time.Second
