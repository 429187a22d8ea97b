package credentials

import "strings"

// WithoutDefaultPort returns a host as it is signed, and as an authorization object and the
// header Host have it: without a port that URLs of this scheme don't need.
func WithoutDefaultPort(host, scheme string) string {
	switch scheme {
	case "https", "wss":
		return strings.TrimSuffix(host, ":443")
	case "http", "ws":
		return strings.TrimSuffix(host, ":80")
	default:
		return host
	}
}
