package pushgw

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

// gatewayURL reads a client's first argument.
func gatewayURL(value sobek.Value, where string, schemes ...string) (*url.URL, error) {
	text, ok := value.Export().(string)
	if !ok {
		return nil, scriptErrorf(nameInvalidOption, "%s: the first argument must be the gateway's URL (%s…), not %s",
			where, orList(schemes), kind(value.Export()))
	}
	u, err := parseURL(text, schemes)
	if err != nil {
		return nil, scriptErrorf(nameInvalidOption, "%s: %w", where, err)
	}
	return u, nil
}

// parseURL reads a URL that has one of the schemes, and drops a port that it doesn't need, so
// that the header Host is what is signed. No error shows credentials.
func parseURL(text string, schemes []string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch shown := credentials.RedactURL(text); {
	case err != nil && placeholder.MatchString(text):
		return nil, fmt.Errorf("%q is not a URL: placeholders can be in the path and the query only", shown)
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL", shown)
	case !slices.Contains(schemes, u.Scheme):
		return nil, fmt.Errorf("the URL %q must begin with %s", shown, orList(schemes))
	case u.Hostname() == "":
		return nil, fmt.Errorf("the URL %q names no host", shown)
	case u.User != nil:
		return nil, fmt.Errorf("the URL %q must not have a user name or password in it: these gateways take none", shown)
	default:
		u.Host = credentials.WithoutDefaultPort(u.Host, u.Scheme)
		return u, nil
	}
}

// checkURL fails if the client's URL has a placeholder that isn't among the known.
func (o *options) checkURL(u *url.URL, known ...string) {
	for _, part := range []string{u.Path, u.RawQuery} {
		if reason := unknownPlaceholder(part, known...); reason != "" && o.err == nil {
			o.err = scriptErrorf(nameInvalidOption, "%s: the URL %s", o.call, reason)
		}
	}
}

// orList is "wss:// or ws://" for those two schemes.
func orList(schemes []string) string { return strings.Join(schemes, ":// or ") + "://" }

// endpointName names what a URL leads to: two spellings of one gateway have the same
// name, whatever the case of the host, whether the default port is written, and whether
// a slash ends the path.
func endpointName(u *url.URL) string {
	return hostName(u) + strings.TrimRight(u.Path, "/")
}

// hostName is the host with its port, written in one way.
func hostName(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "http": "80", "wss": "443", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
