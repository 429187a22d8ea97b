// Package credentials holds what authorizes a client, and what a connection, a frame
// and a request have to carry because of it. Everything is made per connection and per
// request, because a signature has a date, a token is renewed, and both may differ from
// one connection to the next.
package credentials

import (
	"context"
	"net/url"
)

// Credentials authorize the requests of a client.
type Credentials interface {
	// Authorize returns the header fields that a request has to carry. It may take
	// time, because a token may have to be fetched, and it may fail.
	Authorize(ctx context.Context, request Request) ([]Field, error)
	// Constant reports whether every request carries the same fields, so that what
	// is made from them can be kept and shared by all connections.
	Constant() bool
}

// Request is what is to be authorized: everything that a signature covers.
type Request struct {
	Method string
	URL    *url.URL
	Body   []byte
}

// Field is one header field. Its name is spelt as in AppSync's documentation, because it
// becomes a member of a JSON object, whose names are case-sensitive.
type Field struct{ Name, Value string }
