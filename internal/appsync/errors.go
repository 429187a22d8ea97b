package appsync

import (
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// Validation is the name of GraphQL's own errors, which have no errorType. AppSync's other
// errors are those that it shares with AppSync Events (see realtime.CommonNames).
const Validation = "Validation"

var names = realtime.CommonNames(Validation)

// ErrorNames returns every name that an error of this dialect can have.
func ErrorNames() []string { return names }

// ResponseError returns the first error in the body of a GraphQL response over HTTP, or
// nil if there is none. The status doesn't tell: a failed resolver and an invalid document
// are answered with 200 too. A body that isn't a GraphQL response is an error too, and
// then isGraphQL is false.
//
// See "Response" in the GraphQL specification: there is data, or errors, or both.
func ResponseError(body []byte) (err *dialect.Error, isGraphQL bool) {
	response, err := realtime.ParseResponse(body)
	if err != nil {
		return err, false
	}
	errors := response.Get("errors")
	if err := names.Parse(errors, Validation); err != nil {
		err.Final = isFinal(err.Name, realtime.First(errors))
		return err, true
	}
	if response.Get("data").Exists() {
		return nil, true
	}
	return realtime.Foreign(response, "what came has neither data nor errors"), false
}

// isFinal reports whether the same request would meet this error again. An error with a
// path is that of a resolver, which may well succeed the next time.
func isFinal(name string, e gjson.Result) bool {
	if name == Validation || name == realtime.BadRequest {
		return !e.Get("path").IsArray()
	}
	return realtime.NeverAllowed(name)
}
