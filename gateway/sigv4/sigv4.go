// Package sigv4 verifies requests that are signed by AWS's Signature Version 4, as the
// local gateway's stand-in for IAM. It follows "Create a signed AWS API request" in the
// IAM user guide.
package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Keys are the only ones that are known, and the region they are good in.
type Keys struct {
	AccessKeyID, SecretAccessKey string
	Region                       string
}

// Request is what a signature covers.
type Request struct {
	Method string
	Path   string            // escaped, as it came
	Query  string            // escaped, as it came
	Header map[string]string // by names in lower case; the host among them
	Body   []byte
}

// Error says what is wrong with a signature, in AWS's words.
type Error struct{ Type, Message string }

func (e *Error) Error() string { return e.Type + ": " + e.Message }

const (
	algorithm  = "AWS4-HMAC-SHA256"
	dateLayout = "20060102T150405Z"
	// maxSkew is how far a signature's date may be from now.
	maxSkew = 5 * time.Minute
)

// The types of errors.
const (
	unknownKey = "UnrecognizedClientException"
	incomplete = "IncompleteSignatureException"
	invalid    = "InvalidSignatureException"
)

// IsSigned reports whether an Authorization header is a signature.
func IsSigned(authorization string) bool { return strings.HasPrefix(authorization, algorithm) }

// Verify returns what is wrong with the signature of a request to a service, or nil. The
// signature is in the header Authorization, or in the query.
func (k Keys) Verify(service string, r Request, now time.Time) error {
	given, wrong := r.signature()
	if wrong != nil {
		return wrong
	}
	if given.accessKeyID != k.AccessKeyID || k.AccessKeyID == "" {
		return &Error{unknownKey, "The security token included in the request is invalid."}
	}
	if wrong := given.checkScope(k.Region, service); wrong != nil {
		return wrong
	}
	if wrong := given.checkDate(now); wrong != nil {
		return wrong
	}
	canonical, wrong := r.canonical(given)
	if wrong != nil {
		return wrong
	}
	toSign := strings.Join([]string{algorithm, given.date, given.scope(), hexSum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + k.SecretAccessKey)
	for _, part := range []string{given.day, given.region, given.service, terminator, toSign} {
		key = sum(key, part)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(given.signature)) {
		return &Error{invalid, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
			"The Canonical String for this request should have been\n'" + canonical + "'\n\n" +
			"The String-to-Sign should have been\n'" + toSign + "'\n"}
	}
	return nil
}

// terminator ends the scope of every signature.
const terminator = "aws4_request"

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexSum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// signature is what a request says of its signature.
type signature struct {
	accessKeyID, day, region, service string
	date                              string
	headers                           []string // that are signed
	signature                         string
	inQuery                           bool
}

func (s signature) scope() string {
	return strings.Join([]string{s.day, s.region, s.service, terminator}, "/")
}

// checkScope returns what is wrong with where the signature is good, or nil.
func (s signature) checkScope(region, service string) *Error {
	switch {
	case s.region != region:
		return &Error{invalid, "Credential should be scoped to a valid region, not '" + s.region + "'."}
	case s.service != service:
		return &Error{invalid, "Credential should be scoped to correct service: '" + service + "'."}
	case !strings.HasPrefix(s.date, s.day):
		return &Error{invalid, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."}
	default:
		return nil
	}
}

// checkDate returns what is wrong with when the signature was made, or nil.
func (s signature) checkDate(now time.Time) *Error {
	made, err := time.Parse(dateLayout, s.date)
	now = now.UTC()
	switch {
	case err != nil:
		return &Error{incomplete, fmt.Sprintf("Date must be in ISO-8601 'basic format'. Got '%s'.", s.date)}
	case made.Before(now.Add(-maxSkew)):
		return &Error{invalid, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			s.date, now.Add(-maxSkew).Format(dateLayout), now.Format(dateLayout))}
	case made.After(now.Add(maxSkew)):
		return &Error{invalid, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			s.date, now.Add(maxSkew).Format(dateLayout), now.Format(dateLayout))}
	default:
		return nil
	}
}

// canonical returns the request in the form that is signed.
func (r Request) canonical(s signature) (string, *Error) {
	if !slices.Contains(s.headers, "host") {
		return "", &Error{invalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."}
	}
	var headers strings.Builder
	for _, name := range s.headers {
		value, ok := r.Header[name]
		if !ok {
			return "", &Error{invalid, "The signed header '" + name + "' is not in the request."}
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	return strings.Join([]string{
		r.Method, escape(r.Path, "/"), canonicalQuery(r.Query, s.inQuery), headers.String(),
		strings.Join(s.headers, ";"), hexSum(r.Body),
	}, "\n"), nil
}
