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
	// TokenParameter is the name that a token has in the query.
	TokenParameter string
}

// Connection authorizes the connection with this index to u. It returns the URL to dial and
// the header to send, which is header with more in it, and leaves the arguments alone.
func (a *APIGateway) Connection(ctx context.Context, index int64, u *url.URL, header http.Header) (*url.URL, http.Header, error) {
	bound, err := Bind(ctx, a.Credentials, index)
	if err != nil {
		return nil, nil, err
	}
	header = header.Clone()
	request := Request{Method: http.MethodGet, URL: overHTTP(u)}
	// A header Host of the script's is how an API is reached by another name than its own.
	if host := header.Get("Host"); host != "" {
		request.Host = WithoutDefaultPort(host, u.Scheme)
		header.Set("Host", request.Host)
	}
	if a.InQuery {
		u, err = a.inQuery(ctx, bound, request)
		return u, header, err
	}
	fields, err := bound.Authorize(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	setHeader(header, fields)
	return u, header, nil
}

// inQuery returns the URL to dial with credentials in its query, if they can be there.
func (a *APIGateway) inQuery(ctx context.Context, c Credentials, request Request) (*url.URL, error) {
	query, ok := c.(QueryCredentials)
	if !ok {
		return nil, errors.New("these credentials can't be in a URL's query")
	}
	u, err := query.AuthorizeQuery(ctx, request, a.TokenParameter)
	if err != nil {
		return nil, err
	}
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	return u, nil
}

// ErrUnsigned says that credentials aren't such that they can sign.
var ErrUnsigned = errors.New("@connections takes nothing but signatures, by IAM credentials")

// Management authorizes a request to the URL of one connection in @connections, the API by
// which a backend manages an API's connections, and adds to its header what that takes. Only signatures are good there, whatever a connection needs: by
// the action execute-api:ManageConnections. The signature covers the path escaped once more.
func (a *APIGateway) Management(ctx context.Context, method string, u *url.URL, header http.Header, body []byte) error {
	bound, err := Bind(ctx, a.Credentials, NoConnection)
	if err != nil {
		return err
	}
	iam, ok := bound.(*IAM)
	if !ok {
		return ErrUnsigned
	}
	fields, err := iam.Authorize(ctx, Request{Method: method, URL: u, Host: header.Get("Host"), Body: body})
	setHeader(header, fields)
	return err
}

// overHTTP returns the URL as the request for an upgrade has it, which is what is signed.
func overHTTP(u *url.URL) *url.URL {
	over := *u
	over.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	return &over
}
