package credentials

import "strings"

// RedactURL returns a URL as far as it may be shown: its query may hold credentials.
func RedactURL(u string) string {
	before, _, _ := strings.Cut(u, "?")
	return before
}
