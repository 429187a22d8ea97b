package events

import (
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// The messages of event-api-websocket-protocol.html, "Message types". Unlike in GraphQL's
// protocol, what they hold is at the top level.
var ackFrame = socket.Frame([]byte(`{"type":"connection_ack","connectionTimeoutMs":300000}`))

// message is any other message to a client, but for data.
type message struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type"`
	*outcome
	Errors []auth.Problem `json:"errors,omitempty"`
}

func (m message) frame() []byte { return socket.Frame(jsontext.Encode(m)) }

// errorFrame is an error about an operation, or about none if id is empty.
func errorFrame(kind, id string, p auth.Problem) []byte {
	return message{ID: id, Type: kind, Errors: []auth.Problem{p}}.frame()
}

func connectionError(p auth.Problem) []byte { return errorFrame("connection_error", "", p) }

// The types of errors that this package has of its own.
const (
	badRequest           = "BadRequestException"
	unauthorized         = "UnauthorizedException"
	invalidInput         = "InvalidInputError"
	unsupportedOperation = "UnsupportedOperation"
	unknownOperation     = "UnknownOperationError"
	duplicatedOperation  = "DuplicatedOperationError"
	tooManySubscriptions = "MaxSubscriptionsReachedError"
	limitExceeded        = "LimitExceededError"
	resourceNotFound     = "ResourceNotFound"
	processingError      = "MessageProcessingError"
)

// encodeEvent returns an event, the text of a JSON value, as a data message holds it.
func encodeEvent(form fault.EventForm, event string) []byte {
	switch form {
	case fault.EventList:
		return jsontext.Encode([]string{event})
	case fault.EventObject:
		return []byte(event)
	case fault.EventString:
	}
	return jsontext.Encode(event)
}
