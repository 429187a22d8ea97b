package events

import (
	"net/url"

	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// RealtimeURL returns the URL at which the Event API with this URL for publishing takes
// WebSockets. Other than with GraphQL, /realtime is appended to the path on a host that AWS
// assigned as well.
//
// See "Understanding the Event API WebSocket protocol" in AppSync Events' developer guide.
func RealtimeURL(api *url.URL) (*url.URL, error) { return realtime.URL(api, "/realtime") }
