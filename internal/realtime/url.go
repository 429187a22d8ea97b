package realtime

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// standardHost matches the hosts that AWS assigns, including those in China.
var standardHost = regexp.MustCompile(
	`(?i)^([a-z0-9-]+)\.appsync(-realtime)?-api\.([a-z0-9-]+\.amazonaws\.com(?:\.cn)?)$`)

// customPath is what a custom domain's path has besides for WebSockets.
const customPath = "/realtime"

// URL returns the URL at which the API with this URL over HTTP takes WebSockets. A host
// that AWS assigned has a separate host for them, with standardPath appended to the path. A
// custom domain, and any other host, takes them at the same path with /realtime appended.
// Nothing is appended to a path that has it already. A query is kept.
func URL(api *url.URL, standardPath string) (*url.URL, error) {
	realtime := *api
	realtime.Fragment, realtime.RawFragment = "", ""
	switch api.Scheme {
	case "https", "wss":
		realtime.Scheme = "wss"
	case "http", "ws":
		realtime.Scheme = "ws"
	default:
		return nil, fmt.Errorf("the scheme of an API's URL is https or http, not %q", api.Scheme)
	}
	if api.Hostname() == "" {
		return nil, fmt.Errorf("the API's URL has no host")
	}

	suffix := customPath
	if host := standardHost.FindStringSubmatch(api.Hostname()); host != nil {
		if host[2] != "" {
			return nil, fmt.Errorf("%s is the real-time host already, not the API's host", host[0])
		}
		suffix = standardPath
		realtime.Host = host[1] + ".appsync-realtime-api." + host[3]
		if port := api.Port(); port != "" {
			realtime.Host += ":" + port
		}
	}
	realtime.Path = strings.TrimRight(api.Path, "/")
	if !strings.HasSuffix(realtime.Path, suffix) {
		realtime.Path += suffix
	}
	return &realtime, nil
}
