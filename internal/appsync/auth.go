package appsync

import (
	"encoding/base64"
	"net/url"
)

// Subprotocol is the WebSocket subprotocol that every connection asks for.
const Subprotocol = "graphql-ws"

// Auth is what a connection proves its right with: an API key. The same object
// goes into the WebSocket's upgrade request, in one of two forms, and into each
// start. See "Header parameter format" in AppSync's "Building a real-time
// WebSocket client".
type Auth struct {
	// Host is the host of the GraphQL URL, never that of the real-time URL.
	Host string
	// APIKey is the key, "da2-" and 26 characters.
	APIKey string
}

// JSON returns the authorization object.
func (a Auth) JSON() []byte {
	b := appendString([]byte(`{"host":`), a.Host)
	b = appendString(append(b, `,"x-api-key":`...), a.APIKey)
	return append(b, '}')
}

// Query returns the real-time URL with the authorization in its query. The
// connection's only subprotocol is then Subprotocol.
func (a Auth) Query(realtime *url.URL) *url.URL {
	const payload = "&payload=e30%3D" // {}, which AppSync wants beside the header
	u := *realtime
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "header=" + url.QueryEscape(base64.StdEncoding.EncodeToString(a.JSON())) + payload
	return &u
}

// Subprotocols returns the subprotocols to offer where the authorization goes
// with them instead of into the URL, which proxies and servers write into logs.
func (a Auth) Subprotocols() []string {
	return []string{Subprotocol, "header-" + base64.RawURLEncoding.EncodeToString(a.JSON())}
}
