// Package redact takes credentials out of what gateways say.
package redact

import "regexp"

// echoed are the places where AWS repeats a request's credentials as it refuses them: in the
// canonical form of what had to be signed, whose header or query may hold the token of a
// session, and beside a header Authorization that it can't read. The last group is the secret.
var echoed = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(x-amz-security-token(?::|=|%3D))([^\s&"'\\]+)`),
	regexp.MustCompile(`(?i)(in authorization header: ?'?)([^'"\\\n]+)`),
	regexp.MustCompile(`(?i)(\bauthorization[:=] ?)([^"\\\n]+)`),
}

// notAPair is how AWS begins when it can't read an Authorization header.
var notAPair = regexp.MustCompile(`'[^'\n]*'( not a valid key=value pair)`)

// Message returns a gateway's message without the credentials that it repeats.
func Message(text string) string {
	for _, place := range echoed {
		text = place.ReplaceAllString(text, "${1}…")
	}
	return notAPair.ReplaceAllString(text, "'…'$1")
}
