package apigw

import (
	"encoding/json"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// The names of the errors that API Gateway reports in a text frame. See "Gateway
// response types" and "Request validation" in its developer guide.
const (
	Forbidden           = "Forbidden"           // no route for this text, or not deployed yet
	InternalServerError = "InternalServerError" // the integration failed or was throttled
	EndpointTimeout     = "EndpointTimeout"     // the integration took more than 29 seconds
	BadRequestBody      = "BadRequestBody"      // the text fails the route's model
	Throttled           = "Throttled"           // above the account's, stage's or route's rate
	Other               = "Other"               // any other text
)

// ErrorNames returns every name that an error of this dialect can have: of frames, and of
// the management API.
func ErrorNames() []string {
	return []string{
		Forbidden, InternalServerError, EndpointTimeout, BadRequestBody, Throttled, Other,
		Gone, PayloadTooLarge, LimitExceeded, BadRequest,
	}
}

// nameOf returns the name for the gateway's own text.
func nameOf(message string) string {
	switch strings.ToLower(message) {
	case "forbidden":
		return Forbidden
	case "internal server error":
		return InternalServerError
	case "endpoint request timed out":
		return EndpointTimeout
	case "bad request body":
		return BadRequestBody
	case "too many requests", "limit exceeded":
		return Throttled
	default:
		return Other
	}
}

// parseError returns the content of an error frame, or nil if frame isn't one.
func parseError(frame []byte) *dialect.Error {
	message := errorMessage(frame)
	if message == nil {
		return nil
	}
	var text string
	if json.Unmarshal(message, &text) != nil {
		return nil
	}
	return &dialect.Error{Name: nameOf(text), Message: text}
}

// errorMessage returns the JSON string that is an error frame's message, or nil
// if frame isn't one. An error frame is an object with the strings message,
// connectionId and requestId, or messageId in place of the last. Its spacing and
// the order of its members vary.
func errorMessage(frame []byte) []byte {
	var message []byte
	var connection, request bool
	members := jsonscan.Object(frame)
	for members.Next() {
		if members.Text() == nil {
			continue
		}
		switch string(members.Key()) {
		case "message":
			message = members.Value()
		case "connectionId":
			connection = true
		case "requestId", "messageId":
			request = true
		}
	}
	if !members.Whole() || !connection || !request {
		return nil
	}
	return message
}
