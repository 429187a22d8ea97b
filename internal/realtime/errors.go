package realtime

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/redact"
)

// The names of the errors of both protocols: the errorType without its namespace and
// without the ending "Exception" or "Error", which AWS uses without a rule.
const (
	Unauthorized            = "Unauthorized"            // key, token or signature refused
	BadRequest              = "BadRequest"              // malformed, or signed wrongly
	AccessDenied            = "AccessDenied"            // the keys' policy doesn't allow it
	InvalidSignature        = "InvalidSignature"        // of another secret, region, host or body, or dated too far off
	IncompleteSignature     = "IncompleteSignature"     // lacks something
	UnrecognizedClient      = "UnrecognizedClient"      // the access key is unknown
	ExpiredToken            = "ExpiredToken"            // the keys' session is over
	UnsupportedOperation    = "UnsupportedOperation"    // of an unknown type, or its authorization misplaced
	DuplicatedOperation     = "DuplicatedOperation"     // id in use; two root fields
	MaxSubscriptionsReached = "MaxSubscriptionsReached" // on this connection
	LimitExceeded           = "LimitExceeded"           // a rate, of the connection, the API or the account
	TooManyRequests         = "TooManyRequests"         // a rate, over HTTP
	NoProtocol              = "NoProtocol"              // upgraded without a subprotocol
	SubProtocolNotSupported = "SubProtocolNotSupported" // upgraded with another one
	HTTPNotFound            = "HttpNotFound"            // the host in the authorization belongs to no API
	Other                   = "Other"                   // anything else
)

// Names is the closed set of the names that a protocol's errors can have.
type Names []string

// CommonNames returns the names that are the same in both protocols, and then these.
func CommonNames(own ...string) Names {
	return append(Names{
		Unauthorized, BadRequest, AccessDenied, InvalidSignature, IncompleteSignature, UnrecognizedClient, ExpiredToken,
		UnsupportedOperation, DuplicatedOperation, MaxSubscriptionsReached, LimitExceeded, TooManyRequests,
		NoProtocol, SubProtocolNotSupported, HTTPNotFound,
	}, append(own, Other)...)
}

// NeverAllowed reports whether a request that is refused by an error of this name would be
// refused again, because of its credentials or because there is no such operation.
func NeverAllowed(name string) bool {
	switch name {
	case Unauthorized, AccessDenied, InvalidSignature, IncompleteSignature, UnrecognizedClient, ExpiredToken, UnsupportedOperation:
		return true
	default:
		return false
	}
}

// maxMessage is how much of a gateway's own words is kept.
const maxMessage = 300

// Cut returns a gateway's own words, cut to a length that can be shown, and without the
// credentials that they may repeat, nor the space around them.
func Cut(text string) string {
	text = redact.Message(strings.TrimSpace(text))
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// FrameError returns the error of an error frame. GraphQL's protocol has errors in the
// payload, as a list or, in older captures, as a single object. Events' has them at the top
// level. Other servers have them elsewhere. Untyped is as for Parse.
func (n Names) FrameError(frame []byte, untyped string) *dialect.Error {
	for _, errors := range gjson.GetManyBytes(frame, "payload.errors", "errors", "payload") {
		if err := n.Parse(errors, untyped); err != nil {
			return err
		}
	}
	return &dialect.Error{Name: Other}
}

// Parse returns the first of errors, or nil if there is none. Untyped is the name of an
// error that has a message and nothing else.
func (n Names) Parse(errors gjson.Result, untyped string) *dialect.Error {
	first := First(errors)
	if !first.Exists() || first.Type == gjson.Null {
		return nil
	}
	err := &dialect.Error{
		Code:    int(first.Get("errorCode").Int()),
		Message: Cut(first.Get("message").String()),
	}
	errorType := first.Get("errorType").String()
	err.Name = n.nameOf(errorType, err, untyped)
	if err.Name == Other && errorType != "" { // it says more than that
		err.Message = strings.TrimSuffix(Cut(errorType)+": "+err.Message, ": ")
	}
	return err
}

// First returns the first of errors, which may be a single one.
func First(errors gjson.Result) gjson.Result {
	if errors.IsArray() {
		return errors.Get("0")
	}
	return errors
}

// nameOf returns the name for an errorType. If that is missing, the message may be the
// name, as with NoProtocolError, or the code may suffice.
func (n Names) nameOf(errorType string, err *dialect.Error, untyped string) string {
	if errorType != "" {
		return n.Known(errorType)
	}
	if name := n.Known(err.Message); name != Other {
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

// Known returns the name in the set for an errorType, which may have a namespace before
// it: com.amazon.coral.service.http#HttpNotFoundException.
func (n Names) Known(errorType string) string {
	name := errorType[strings.LastIndexAny(errorType, "#.")+1:]
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Exception"), "Error")
	if slices.Contains(n, name) {
		return name
	}
	return Other
}
