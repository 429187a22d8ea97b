package credentials

import "strings"

// RedactURL returns a URL as far as it may be shown. Its query, its fragment and what
// stands before an @ may hold credentials. It takes any text, because what can't be
// parsed is shown too.
func RedactURL(u string) string {
	u, _, _ = strings.Cut(u, "?")
	u, _, _ = strings.Cut(u, "#")
	scheme, rest, found := strings.Cut(u, "://")
	if !found {
		scheme, rest = "", u
	}
	authority, path, slash := strings.Cut(rest, "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if found {
		authority = scheme + "://" + authority
	}
	if slash {
		authority += "/" + path
	}
	return authority
}
