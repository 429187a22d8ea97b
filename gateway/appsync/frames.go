package appsync

import (
	"github.com/pushgw/xk6-pushgw/gateway/auth"
	"github.com/pushgw/xk6-pushgw/gateway/graphql"
	"github.com/pushgw/xk6-pushgw/gateway/jsontext"
	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

// The messages of real-time-websocket-client.html, "Message types".
var ackFrame = socket.Frame([]byte(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`))

type problem = auth.Problem

// message is any other message to a client.
type message struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload any    `json:"payload,omitempty"`
}

func (m message) frame() []byte { return socket.Frame(jsontext.Encode(m)) }

func connectionError(p problem) []byte {
	return message{Type: "connection_error", Payload: realtime.Problems{Errors: []problem{p}}}.frame()
}

// errorFrame is an error about an operation, or about none if id is empty.
func errorFrame(id string, p problem) []byte {
	return message{ID: id, Type: "error", Payload: realtime.Problems{Errors: []problem{p}}}.frame()
}

// limitFrame is an error about a limit. Some have an object in place of the list of errors.
func limitFrame(id string, p problem, single bool) []byte {
	if !single {
		return errorFrame(id, p)
	}
	return message{ID: id, Type: "error", Payload: struct {
		Errors problem `json:"errors"`
	}{p}}.frame()
}

// invalidFrame is the error of a start whose document can't be executed. Its errors have
// neither paths nor, as a rule, types.
func invalidFrame(id string, wrong []graphql.Error) []byte {
	type short struct {
		Type      string             `json:"errorType,omitempty"`
		Message   string             `json:"message"`
		Locations []graphql.Location `json:"locations,omitempty"`
	}
	errors := make([]short, len(wrong))
	for i, e := range wrong {
		errors[i] = short{e.Type, e.Message, e.Locations}
	}
	return message{ID: id, Type: "error", Payload: struct {
		Errors []short `json:"errors"`
	}{errors}}.frame()
}
