package appsync

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
	"github.com/pushgw/xk6-pushgw/internal/redact"
)

// The names of AppSync's errors: the errorType without its namespace and without the
// ending "Exception" or "Error", which AWS uses without a rule.
const (
	Unauthorized            = "Unauthorized"            // key, token or signature refused
	BadRequest              = "BadRequest"              // malformed, or signed wrongly
	AccessDenied            = "AccessDenied"            // the keys' policy doesn't allow it
	InvalidSignature        = "InvalidSignature"        // of another secret, region, host or body, or dated too far off
	IncompleteSignature     = "IncompleteSignature"     // lacks something
	UnrecognizedClient      = "UnrecognizedClient"      // the access key is unknown
	ExpiredToken            = "ExpiredToken"            // the keys' session is over
	UnsupportedOperation    = "UnsupportedOperation"    // no subscription, or authorization misplaced
	DuplicatedOperation     = "DuplicatedOperation"     // id in use, or two root fields
	MaxSubscriptionsReached = "MaxSubscriptionsReached" // on this connection
	LimitExceeded           = "LimitExceeded"           // a rate, of the API or the account
	TooManyRequests         = "TooManyRequests"         // a rate, over HTTP
	NoProtocol              = "NoProtocol"              // upgraded without a subprotocol
	SubProtocolNotSupported = "SubProtocolNotSupported" // upgraded with another than graphql-ws
	HTTPNotFound            = "HttpNotFound"            // the host in the authorization belongs to no API
	Validation              = "Validation"              // GraphQL's own errors, which have no errorType
	Other                   = "Other"                   // anything else
)

// ErrorNames returns every name that an error of this dialect can have.
func ErrorNames() []string {
	return []string{
		Unauthorized, BadRequest, AccessDenied, InvalidSignature, IncompleteSignature, UnrecognizedClient, ExpiredToken,
		UnsupportedOperation, DuplicatedOperation, MaxSubscriptionsReached, LimitExceeded, TooManyRequests,
		NoProtocol, SubProtocolNotSupported, HTTPNotFound, Validation, Other,
	}
}

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
		return &dialect.Error{Name: Other, Message: "what came is not JSON: " + cut(string(body))}, false
	}
	response := gjson.ParseBytes(body)
	errors := response.Get("errors")
	if err := parseErrors(errors, Validation); err != nil {
		err.Final = isFinal(err.Name, firstOf(errors))
		return err, true
	}
	if response.Get("data").Exists() {
		return nil, true
	}
	for _, own := range response.Get("[message,Message,error]").Array() {
		if own.Str != "" {
			return &dialect.Error{Name: Other, Message: cut(own.Str)}, false
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

// maxMessage is how much of a gateway's own words is kept.
const maxMessage = 300

// cut returns a gateway's own words, without the credentials that they may repeat.
func cut(text string) string {
	text = redact.Message(text)
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// frameError returns the error of an error frame. AppSync has errors in the payload, as
// a list or, in older captures, as a single object; other servers of graphql-ws have
// them elsewhere. Untyped is as for parseErrors.
func frameError(frame []byte, untyped string) *dialect.Error {
	for _, errors := range gjson.GetManyBytes(frame, "payload.errors", "errors", "payload") {
		if err := parseErrors(errors, untyped); err != nil {
			return err
		}
	}
	return &dialect.Error{Name: Other}
}

// parseErrors returns the first of errors, or nil if there is none. Untyped is
// the name of an error that has a message and nothing else.
func parseErrors(errors gjson.Result, untyped string) *dialect.Error {
	first := firstOf(errors)
	if !first.Exists() || first.Type == gjson.Null {
		return nil
	}
	err := &dialect.Error{
		Code:    int(first.Get("errorCode").Int()),
		Message: cut(first.Get("message").String()),
	}
	errorType := first.Get("errorType").String()
	err.Name = nameOf(errorType, err, untyped)
	if err.Name == Other && errorType != "" { // it says more than that
		err.Message = strings.TrimSuffix(cut(errorType)+": "+err.Message, ": ")
	}
	return err
}

// firstOf returns the first of errors, which may be a single one.
func firstOf(errors gjson.Result) gjson.Result {
	if errors.IsArray() {
		return errors.Get("0")
	}
	return errors
}

// nameOf returns the name for an errorType. If that is missing, the message may be the
// name, as with NoProtocolError, or the code may suffice.
func nameOf(errorType string, err *dialect.Error, untyped string) string {
	if errorType != "" {
		return known(errorType)
	}
	if name := known(err.Message); name != Other {
		return name
	}
	switch {
	case err.Code == 400:
		return BadRequest
	case err.Code == 401 || err.Code == 403:
		return Unauthorized
	case err.Code == 0 && err.Message != "":
		return untyped
	default:
		return Other
	}
}

// known returns the name in the closed set for an errorType, which may have a
// namespace before it: com.amazon.coral.service.http#HttpNotFoundException.
func known(errorType string) string {
	name := errorType[strings.LastIndexAny(errorType, "#.")+1:]
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Exception"), "Error")
	for _, n := range ErrorNames() {
		if n == name {
			return n
		}
	}
	return Other
}
