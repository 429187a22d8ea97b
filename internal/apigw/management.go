package apigw

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/redact"
)

// The names of the errors of the API Gateway Management API, by which a backend posts to
// connections: those of its model (PostToConnection, GetConnection, DeleteConnection), and
// BadRequest for what is no connection's id. Forbidden is an error frame's name too.
const (
	Gone            = "Gone"            // the connection is closed, or not open yet
	PayloadTooLarge = "PayloadTooLarge" // more than 128 KB
	LimitExceeded   = "LimitExceeded"   // too many requests, or the client reads too slowly
	BadRequest      = "BadRequest"      // no connection has such an id
)

// connections is the last but one element of a management URL's path.
const connections = "/@connections/"

// ManagementURL returns where the connections of a WebSocket API are managed: at the same
// host, custom domain or not, and with the same path. See "Use @connections commands in
// your backend service" in API Gateway's developer guide.
func ManagementURL(webSocket *url.URL) *url.URL {
	scheme := map[string]string{"wss": "https", "ws": "http"}[webSocket.Scheme]
	return &url.URL{Scheme: scheme, Host: webSocket.Host, Path: webSocket.Path, RawPath: webSocket.RawPath}
}

// ConnectionURL returns the URL of one connection. The id is escaped once, also the "=" that
// ends those of API Gateway.
func ConnectionURL(management *url.URL, id string) *url.URL {
	u := *management
	u.Path = strings.TrimRight(u.Path, "/") + connections + id
	u.RawPath = strings.TrimRight(management.EscapedPath(), "/") + connections + strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
	return &u
}

// ConnectionURLName returns what stands for the URLs of all connections.
func ConnectionURLName(management *url.URL) string {
	return strings.TrimRight(management.String(), "/") + connections + "{connectionId}"
}

// ManagementSuccess reports whether the status is that of a success: 200, or 204 of a
// deletion.
func ManagementSuccess(status int) bool { return status/100 == 2 }

// ManagementError returns the error that a response of the management API stands for,
// without the credentials that AWS repeats where it refuses a signature.
func ManagementError(status int, body []byte) *dialect.Error {
	e := &dialect.Error{Name: Other, Code: status, Message: messageIn(body)}
	switch status {
	case http.StatusBadRequest:
		e.Name, e.Final = BadRequest, true
	case http.StatusForbidden:
		e.Name, e.Final = Forbidden, true
	case http.StatusGone:
		e.Name, e.Final = Gone, true
	case http.StatusRequestEntityTooLarge:
		e.Name, e.Final = PayloadTooLarge, true
	case http.StatusTooManyRequests:
		e.Name = LimitExceeded
	}
	if e.Message == "" {
		e.Message = strings.TrimRight(fmt.Sprintf("status %d %s", status, http.StatusText(status)), " ")
	}
	return e
}

// maxMessage is how many bytes of a message are kept. AWS's longest, of a signature that
// doesn't match, have the whole request in them.
const maxMessage = 2000

// messageIn returns the message of an error response, which AWS spells in two ways, or as
// much of the body as an error shows.
func messageIn(body []byte) string {
	var message struct{ Message string } // whose name is matched in either case
	if json.Unmarshal(body, &message) == nil && message.Message != "" {
		return cut(redact.Message(message.Message), maxMessage)
	}
	if len(body) == 0 {
		return ""
	}
	return quote(redact.Message(strings.TrimSpace(string(body))), maxShown)
}
