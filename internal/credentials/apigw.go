package credentials

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// APIGateway authorizes connections to one WebSocket API of API Gateway, which asks for
// credentials at $connect only.
type APIGateway struct {
	Credentials
	// InQuery puts the credentials into the URL's query, which proxies and servers write
	// into logs. Otherwise they are header fields.
	InQuery bool
}

// Connection authorizes a connection to u. It returns the URL to dial and the header to
// send, which is header with more in it, and leaves the arguments alone.
func (a *APIGateway) Connection(ctx context.Context, u *url.URL, header http.Header) (*url.URL, http.Header, error) {
	overHTTP := *u
	overHTTP.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	// A header Host of the script's is how an API is reached by another name than its own.
	request := Request{Method: http.MethodGet, URL: &overHTTP, Host: header.Get("Host")}
	if !a.InQuery {
		fields, err := a.Authorize(ctx, request)
		if err != nil {
			return nil, nil, err
		}
		header = header.Clone()
		setHeader(header, fields)
		return u, header, nil
	}
	inQuery, ok := a.Credentials.(QueryCredentials)
	if !ok {
		return nil, nil, errors.New("these credentials can't be in a URL's query")
	}
	authorized, err := inQuery.AuthorizeQuery(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	authorized.Scheme = u.Scheme
	return authorized, header, nil
}
