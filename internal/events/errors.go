package events

import (
	"net/http"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// The names of AppSync Events' errors, besides those that it shares with AppSync's GraphQL
// (see realtime.CommonNames).
const (
	UnknownOperation       = "UnknownOperation"       // unsubscribe from what there isn't
	InvalidInput           = "InvalidInput"           // too many events, for example
	ResourceNotFound       = "ResourceNotFound"       // no such namespace
	SubscriptionProcessing = "SubscriptionProcessing" // the namespace's handler failed
	MessageProcessing      = "MessageProcessing"      // an event couldn't be delivered to a subscription
	FailedEvent            = "FailedEvent"            // an event of a request to publish is in its failed
)

var names = realtime.CommonNames(UnknownOperation, InvalidInput, ResourceNotFound, SubscriptionProcessing, MessageProcessing, FailedEvent)

// ErrorNames returns every name that an error of this dialect can have.
func ErrorNames() []string { return names }

// isFinal reports whether the same request would meet this error again.
func isFinal(name string) bool {
	switch name {
	case realtime.BadRequest, InvalidInput, ResourceNotFound:
		return true
	default:
		return realtime.NeverAllowed(name)
	}
}

// failedError is the error of one event that could not be published. AppSync gives it a
// code, as of HTTP, and a text, and no name.
func failedError(code int, message string) *dialect.Error {
	err := &dialect.Error{Name: FailedEvent, Code: code, Message: realtime.Cut(message)}
	switch code {
	case http.StatusBadRequest:
		err.Name = realtime.BadRequest
	case http.StatusUnauthorized, http.StatusForbidden:
		err.Name = realtime.Unauthorized
	case http.StatusTooManyRequests:
		err.Name = realtime.LimitExceeded
	}
	return err
}
