// Package credentials holds what authorizes a client, and what a connection, a frame
// and a request have to carry because of it. Everything is made per connection and per
// request, because a signature has a date, a token is renewed, and both may differ from
// one connection to the next.
package credentials

import (
	"context"
	"net/http"
	"net/url"
)

// Credentials authorize the requests of a client.
type Credentials interface {
	// Authorize returns the header fields that a request has to carry; of a signed request
	// that is everything the signature covers. It may take time, because a token may have
	// to be fetched, and it may fail.
	Authorize(ctx context.Context, request Request) ([]Field, error)
	// Constant reports whether every request carries the same fields, so that what
	// is made from them can be kept and shared by all connections.
	Constant() bool
}

// QueryCredentials are credentials that the query of a URL can carry too.
type QueryCredentials interface {
	Credentials
	// AuthorizeQuery returns the request's URL with the credentials in its query, in a
	// parameter of this name unless they have names of their own.
	AuthorizeQuery(ctx context.Context, request Request, parameter string) (*url.URL, error)
}

// Request is what is to be authorized: everything that a signature covers.
type Request struct {
	Method string
	URL    *url.URL
	// Host is the host by which the service knows itself, which may be another than the
	// URL's; empty for the URL's.
	Host string
	// Header is what the request carries besides.
	Header []Field
	Body   []byte
}

// Field is one header field. Its name is spelt as in AppSync's documentation, because it
// becomes a member of a JSON object, whose names are case-sensitive.
type Field struct{ Name, Value string }

// isHost reports whether it is the request's host, which HTTP has apart from the others.
func (f Field) isHost() bool { return f.Name == "host" }

// setHeader sets fields in the header of an HTTP request.
func setHeader(header http.Header, fields []Field) {
	for _, field := range fields {
		if !field.isHost() {
			header.Set(field.Name, field.Value)
		}
	}
}
