package pushgw

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// The names of JavaScript errors: a closed set, listed in index.d.ts too.
const (
	nameInvalidOption  = "InvalidOption"  // an option is unknown, of the wrong type or impossible
	nameUsageError     = "UsageError"     // a method was called where it can't be
	nameConnectError   = "ConnectError"   // no connection came about; code: the HTTP status
	nameHandshakeError = "HandshakeError" // the gateway refused a connection that was open
	nameGatewayError   = "GatewayError"   // the gateway answered a request with an error; code: its own
	namePublishError   = "PublishError"   // nothing could be published
	nameClosedError    = "ClosedError"    // the connection is closed
	nameTimeoutError   = "TimeoutError"   // what was waited for did not come in time
	nameInternalError  = "InternalError"  // a fault of this extension
)

// scriptError is an error as the script sees it: an Error with a name and
// perhaps a code.
type scriptError struct {
	name string
	code int
	err  error
}

func (e *scriptError) Error() string { return e.err.Error() }
func (e *scriptError) Unwrap() error { return e.err }

func scriptErrorf(name, format string, args ...any) *scriptError {
	return &scriptError{name: name, err: fmt.Errorf(format, args...)}
}

// named gives an error of the inner packages its name.
func named(err error) *scriptError {
	var (
		done    *scriptError
		failed  *wire.DialError
		refused *dialect.Error
	)
	switch {
	case errors.As(err, &failed) && failed.Phase == wire.PhaseHandshake:
		return &scriptError{name: nameHandshakeError, code: codeOf(failed.Err), err: err}
	case errors.As(err, &failed):
		return &scriptError{name: nameConnectError, code: failed.Status, err: err}
	case errors.As(err, &done):
		return done
	case errors.As(err, &refused):
		return &scriptError{name: nameGatewayError, code: refused.Code, err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &scriptError{name: nameTimeoutError, err: err}
	case errors.Is(err, context.Canceled):
		return scriptErrorf(nameClosedError, "the iteration was stopped")
	default:
		return &scriptError{name: nameInternalError, err: err}
	}
}

func codeOf(err error) int {
	var refused *dialect.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// toError makes a JavaScript Error of err. It is called on the event loop.
func toError(rt *sobek.Runtime, err error) *sobek.Object {
	e := named(err)
	object := rt.NewGoError(e)
	// Setting properties of a new error object can't fail.
	_ = object.Set("name", e.name)
	if e.code != 0 {
		_ = object.Set("code", e.code)
	}
	return object
}
