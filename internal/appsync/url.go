package appsync

import (
	"net/url"

	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// RealtimeURL returns the URL at which the API with this GraphQL URL takes WebSockets. A
// host that AWS assigned has a separate host for them, with the same path.
//
// See "Real-time endpoint" in AppSync's "Building a real-time WebSocket client".
func RealtimeURL(graphql *url.URL) (*url.URL, error) { return realtime.URL(graphql, "") }
