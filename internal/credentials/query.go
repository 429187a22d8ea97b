package credentials

import "net/url"

// WithParameter returns a URL with one more parameter in its query.
func WithParameter(u *url.URL, name, value string) *url.URL {
	more := *u
	if more.RawQuery != "" {
		more.RawQuery += "&"
	}
	more.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(value)
	return &more
}
