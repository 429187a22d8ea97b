package appsync

import (
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// The names of AppSync's errors.
const (
	Unauthorized            = realtime.Unauthorized
	BadRequest              = realtime.BadRequest
	AccessDenied            = realtime.AccessDenied
	InvalidSignature        = realtime.InvalidSignature
	IncompleteSignature     = realtime.IncompleteSignature
	UnrecognizedClient      = realtime.UnrecognizedClient
	ExpiredToken            = realtime.ExpiredToken
	UnsupportedOperation    = realtime.UnsupportedOperation
	DuplicatedOperation     = realtime.DuplicatedOperation // also two root fields
	MaxSubscriptionsReached = realtime.MaxSubscriptionsReached
	LimitExceeded           = realtime.LimitExceeded
	TooManyRequests         = realtime.TooManyRequests
	NoProtocol              = realtime.NoProtocol
	SubProtocolNotSupported = realtime.SubProtocolNotSupported
	HTTPNotFound            = realtime.HTTPNotFound
	Validation              = "Validation" // GraphQL's own errors, which have no errorType
	Other                   = realtime.Other
)

var names = realtime.CommonNames(Validation)

// ErrorNames returns every name that an error of this dialect can have.
func ErrorNames() []string { return names }

// maxDepth is how deep a response may be nested. GraphQL's own depth is a handful.
const maxDepth = 100

// ResponseError returns the first error in the body of a GraphQL response over HTTP, or
// nil if there is none. The status doesn't tell: a failed resolver and an invalid document
// are answered with 200 too. A body that isn't a GraphQL response is an error too, and
// then isGraphQL is false.
//
// See "Response" in the GraphQL specification: there is data, or errors, or both.
func ResponseError(body []byte) (err *dialect.Error, isGraphQL bool) {
	if jsonscan.DeeperThan(body, maxDepth) {
		return &dialect.Error{Name: Other, Message: "JSON nested more than 100 deep"}, false
	}
	if !gjson.ValidBytes(body) {
		return &dialect.Error{Name: Other, Message: "what came is not JSON: " + realtime.Cut(string(body))}, false
	}
	response := gjson.ParseBytes(body)
	errors := response.Get("errors")
	if err := names.Parse(errors, Validation); err != nil {
		err.Final = isFinal(err.Name, realtime.First(errors))
		return err, true
	}
	if response.Get("data").Exists() {
		return nil, true
	}
	for _, own := range response.Get("[message,Message,error]").Array() {
		if own.Str != "" {
			return &dialect.Error{Name: Other, Message: realtime.Cut(own.Str)}, false
		}
	}
	return &dialect.Error{Name: Other, Message: "what came has neither data nor errors"}, false
}

// isFinal reports whether the same request would meet this error again. An error with a
// path is that of a resolver, which may well succeed the next time.
func isFinal(name string, e gjson.Result) bool {
	switch name {
	case Unauthorized, AccessDenied, InvalidSignature, IncompleteSignature, UnrecognizedClient, ExpiredToken, UnsupportedOperation:
		return true
	case Validation, BadRequest:
		return !e.Get("path").IsArray()
	default:
		return false
	}
}
