package credentials

import (
	"net/url"
	"strings"
)

// RedactURL returns a URL as far as it may be shown. Its query, its fragment and what
// stands before an @ may hold credentials. It takes any text, because what can't be
// parsed is shown too.
func RedactURL(text string) string {
	end := len(text)
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		end = i
	}
	shown, hidden := text[:end], text[end:]
	scheme, rest := "", shown
	if u, err := url.Parse(text); err != nil || u.Host == "" {
		// Not even where a password ends can be told.
		if strings.Contains(hidden, "@") {
			return "…"
		}
		return afterAt(shown)
	}
	if i := strings.Index(rest, "//"); i >= 0 {
		scheme, rest = rest[:i+2], rest[i+2:]
	}
	authority, path, slash := strings.Cut(rest, "/")
	if slash {
		path = "/" + path
	}
	return scheme + afterAt(authority) + path
}

// afterAt returns what stands after the last @, which is everything if there is none.
func afterAt(text string) string { return text[strings.LastIndexByte(text, '@')+1:] }
