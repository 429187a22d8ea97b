// Package credentials holds what a client proves its right with, and what a
// connection, a frame and a request have to carry because of it. Everything is made
// per connection and per request, because a signature has a date, a token is renewed
// and both may differ from one connection to the next.
package credentials

import (
	"context"
	"net/url"
)

// Credentials prove to a gateway that a client may do what it asks for.
type Credentials interface {
	// Authorize returns the header fields that a request has to carry. It may take
	// time, for a token may have to be fetched, and it may fail.
	Authorize(ctx context.Context, request Request) ([]Field, error)
	// Constant reports whether every request carries the same fields, so that what
	// is made of them can be kept and shared by all connections.
	Constant() bool
}

// Request is what is to be authorized: everything that a signature covers.
type Request struct {
	Method string
	URL    *url.URL
	Body   []byte
}

// Field is one header field. Names are as AppSync's documentation writes them, for
// in its authorization object they are the members of a JSON object.
type Field struct{ Name, Value string }
