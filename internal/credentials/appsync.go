package credentials

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// AppSync authorizes what a client sends to one API of AppSync, a GraphQL or an Event API.
// One JSON object, the host and the header fields of a request, goes into the WebSocket's
// upgrade request and into each frame that asks for something. See "Header parameter
// format based on AppSync API authorization mode" in AppSync's "Building a real-time
// WebSocket client".
type AppSync struct {
	Credentials
	// URL is where the API takes requests over HTTP, and what signatures are for.
	URL *url.URL
	// ConnectPath is what the path has besides in the signature of a connection: "connect"
	// for a GraphQL API, nothing for an Event API.
	ConnectPath string
	// Host is the host by which the API knows itself: the URL's, unless a proxy stands
	// in front of it. It is never that of the real-time URL.
	Host string
	// Subprotocol is the dialect's WebSocket subprotocol.
	Subprotocol string
	// Form is where the upgrade request carries the authorization; FormSubprotocol if empty.
	Form Form
}

// Form is one of the ways in which an upgrade request carries an authorization, by its
// name in scripts.
type Form string

const (
	// FormSubprotocol offers the object as a second subprotocol.
	FormSubprotocol Form = "subprotocol"
	// FormQuery has the object in the URL's query, which proxies and servers write into logs.
	FormQuery Form = "query"
	// FormHeaders has no object but its fields as HTTP headers, Host among them. Private
	// APIs don't take it.
	FormHeaders Form = "headers"
)

// Upgrade is what the upgrade request of one connection carries.
type Upgrade struct {
	URL          *url.URL
	Subprotocols []string
	// Fields are the HTTP headers of FormHeaders.
	Fields []Field
}

// Header returns header with the upgrade's own fields, and leaves the argument alone.
func (u *Upgrade) Header(header http.Header) http.Header {
	if len(u.Fields) == 0 {
		return header
	}
	header = header.Clone()
	for _, field := range u.Fields {
		header.Set(field.Name, field.Value)
	}
	return header
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

// ForConnection returns what authorizes the connection with this index, and all that is sent
// over it.
func (a *AppSync) ForConnection(ctx context.Context, index int64) (*AppSync, error) {
	bound, err := Bind(ctx, a.Credentials, index)
	if err != nil {
		return nil, err
	}
	connection := *a
	connection.Credentials = bound
	return &connection, nil
}

// Connection authorizes a connection to the real-time URL.
func (a *AppSync) Connection(ctx context.Context, realtime *url.URL) (*Upgrade, error) {
	signed := a.URL
	if a.ConnectPath != "" {
		signed = a.URL.JoinPath(a.ConnectPath)
	}
	fields, err := a.fields(ctx, signed, []byte(emptyPayload))
	if err != nil {
		return nil, err
	}
	upgrade := &Upgrade{URL: realtime, Subprotocols: []string{a.Subprotocol}}
	if a.Form == FormHeaders {
		upgrade.Fields = fields
		return upgrade, nil
	}
	if a.Form == FormQuery {
		upgrade.URL = withQuery(realtime, object(fields))
		return upgrade, nil
	}
	upgrade.Subprotocols = append(upgrade.Subprotocols, "header-"+base64.RawURLEncoding.EncodeToString(object(fields)))
	return upgrade, nil
}

// Frame returns the authorization object of a frame that asks for data: the operation of
// a start, or for an Event API what SubscribeBody or PublishBody returns.
func (a *AppSync) Frame(ctx context.Context, data string) ([]byte, error) {
	fields, err := a.fields(ctx, a.URL, []byte(data))
	if err != nil {
		return nil, err
	}
	return object(fields), nil
}

// Request authorizes an HTTP request with this body.
func (a *AppSync) Request(ctx context.Context, header http.Header, body []byte) error {
	fields, err := a.Authorize(ctx, Request{Method: http.MethodPost, URL: a.URL, Host: a.Host, Header: httpHeader, Body: body})
	setHeader(header, fields)
	return err
}

// fields returns the header fields of a POST of body to u, the host among them. Nothing is
// posted, but that is the request which a signature has to cover.
func (a *AppSync) fields(ctx context.Context, u *url.URL, body []byte) ([]Field, error) {
	fields, err := a.Authorize(ctx, Request{Method: http.MethodPost, URL: u, Host: a.Host, Header: realtimeHeader, Body: body})
	if err == nil && !slices.ContainsFunc(fields, Field.isHost) {
		fields = slices.Insert(fields, 0, Field{Name: "host", Value: a.Host})
	}
	return fields, err
}

// object returns the authorization object with these fields.
func object(fields []Field) []byte {
	b := []byte{'{'}
	for i, field := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonscan.AppendString(b, field.Name)
		b = jsonscan.AppendString(append(b, ':'), field.Value)
	}
	return append(b, '}')
}

// withQuery returns the URL with the authorization object in its query.
func withQuery(realtime *url.URL, object []byte) *url.URL {
	u := WithParameter(realtime, "header", base64.StdEncoding.EncodeToString(object))
	return WithParameter(u, "payload", base64.StdEncoding.EncodeToString([]byte(emptyPayload)))
}
