package appsync

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// standardHost matches the hosts that AWS assigns, including those in China.
var standardHost = regexp.MustCompile(
	`(?i)^([a-z0-9-]+)\.appsync(-realtime)?-api\.([a-z0-9-]+\.amazonaws\.com(?:\.cn)?)$`)

// RealtimeURL returns the URL at which the API with this GraphQL URL takes WebSockets. A
// host that AWS assigned has a separate host for them, with the same path. A custom
// domain, and any other host, takes them at the same path with /realtime appended. A
// query is kept.
//
// See "Real-time endpoint" in AppSync's "Building a real-time WebSocket client".
func RealtimeURL(graphql *url.URL) (*url.URL, error) {
	realtime := *graphql
	realtime.Fragment, realtime.RawFragment = "", ""
	switch graphql.Scheme {
	case "https", "wss":
		realtime.Scheme = "wss"
	case "http", "ws":
		realtime.Scheme = "ws"
	default:
		return nil, fmt.Errorf("appsync: the scheme of a GraphQL URL is https or http, not %q", graphql.Scheme)
	}
	if graphql.Hostname() == "" {
		return nil, fmt.Errorf("appsync: the GraphQL URL has no host")
	}

	path := strings.TrimRight(graphql.Path, "/")
	if host := standardHost.FindStringSubmatch(graphql.Hostname()); host != nil {
		if host[2] != "" {
			return nil, fmt.Errorf("appsync: %s is the real-time host already, not the GraphQL host", host[0])
		}
		realtime.Host = host[1] + ".appsync-realtime-api." + host[3]
		if port := graphql.Port(); port != "" {
			realtime.Host += ":" + port
		}
	} else if !strings.HasSuffix(path, "/realtime") {
		path += "/realtime"
	}
	realtime.Path = path
	return &realtime, nil
}
