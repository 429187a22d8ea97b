package credentials

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// AppSync authorizes what a client sends to one AppSync API. One JSON object, the
// host and the header fields of a request, goes into the WebSocket's upgrade request
// in one of two forms and into each start frame. See "Header parameter format based
// on AppSync API authorization mode" in AppSync's "Building a real-time WebSocket
// client".
type AppSync struct {
	Credentials
	// URL is the API's GraphQL URL.
	URL *url.URL
	// Host is the host by which the API knows itself: the URL's, unless a proxy stands
	// in front of it. It is never that of the real-time URL.
	Host string
	// Subprotocol is the dialect's WebSocket subprotocol.
	Subprotocol string
	// InQuery puts the authorization into the real-time URL's query, which proxies and
	// servers write into logs. Otherwise it is offered as a second subprotocol.
	InQuery bool
}

// The header fields that a signature covers, besides the host and what signing adds: those
// of "Header parameter format", and that of an HTTP request.
var (
	realtimeHeader = []Field{
		{"accept", "application/json, text/javascript"},
		{"content-encoding", "amz-1.0"},
		{"content-type", "application/json; charset=UTF-8"},
	}
	httpHeader = []Field{{"content-type", "application/json"}}
)

// emptyPayload is what a connection's authorization covers in place of an operation.
const emptyPayload = "{}"

// Connection authorizes a connection to the real-time URL. It returns the URL to
// dial and the subprotocols to offer.
func (a *AppSync) Connection(ctx context.Context, realtime *url.URL) (*url.URL, []string, error) {
	object, err := a.object(ctx, a.URL.JoinPath("connect"), []byte(emptyPayload))
	if err != nil {
		return nil, nil, err
	}
	if a.InQuery {
		return withQuery(realtime, object), []string{a.Subprotocol}, nil
	}
	return realtime, []string{a.Subprotocol, "header-" + base64.RawURLEncoding.EncodeToString(object)}, nil
}

// Frame returns the authorization object of a frame that sends data, for example
// the operation of a start.
func (a *AppSync) Frame(ctx context.Context, data string) ([]byte, error) {
	return a.object(ctx, a.URL, []byte(data))
}

// Request authorizes an HTTP request with this body.
func (a *AppSync) Request(ctx context.Context, header http.Header, body []byte) error {
	fields, err := a.Authorize(ctx, Request{Method: http.MethodPost, URL: a.URL, Host: a.Host, Header: httpHeader, Body: body})
	setHeader(header, fields)
	return err
}

// object returns the authorization object for a POST of body to u. Nothing is posted, but
// that is the request which a signature in the object has to cover.
func (a *AppSync) object(ctx context.Context, u *url.URL, body []byte) ([]byte, error) {
	fields, err := a.Authorize(ctx, Request{Method: http.MethodPost, URL: u, Host: a.Host, Header: realtimeHeader, Body: body})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(fields, Field.isHost) {
		fields = slices.Insert(fields, 0, Field{Name: "host", Value: a.Host})
	}
	b := []byte{'{'}
	for i, field := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonscan.AppendString(b, field.Name)
		b = jsonscan.AppendString(append(b, ':'), field.Value)
	}
	return append(b, '}'), nil
}

// withQuery returns the URL with the authorization object in its query.
func withQuery(realtime *url.URL, object []byte) *url.URL {
	payload := url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(emptyPayload)))
	u := *realtime
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "header=" + url.QueryEscape(base64.StdEncoding.EncodeToString(object)) + "&payload=" + payload
	return &u
}
