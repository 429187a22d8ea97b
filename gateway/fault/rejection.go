package fault

import (
	"errors"
	"slices"
	"strings"
)

// Rejection is how often a message from an API Gateway client isn't handled, and what the
// error frame says that answers it.
type Rejection struct {
	Message string `json:"message"`
	Rate    Chance `json:"rate"`
}

// ErrorMessages are what API Gateway's error frames say. Nobody has published the frame of
// a message that was throttled; "Too Many Requests" is the default text of its gateway
// response.
func ErrorMessages() []string {
	return []string{"Forbidden", "Internal server error", "Endpoint request timed out", "Bad request body", "Too Many Requests"}
}

var errRejection = errors.New(`must be like "Forbidden:0.1", with one of ` + strings.Join(ErrorMessages(), ", ") + " and how often")

// UnmarshalText reads "Forbidden:0.1", or "0" for none.
func (r *Rejection) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*r = Rejection{}
		return nil
	}
	var parsed Rejection
	var rate string
	parsed.Message, rate, _ = strings.Cut(string(text), ":")
	if !slices.Contains(ErrorMessages(), parsed.Message) || parsed.Rate.UnmarshalText([]byte(rate)) != nil {
		return errRejection
	}
	*r = parsed
	return nil
}

// UnmarshalJSON reads {"message": "Forbidden", "rate": 0.1}, or text as UnmarshalText does.
func (r *Rejection) UnmarshalJSON(data []byte) error {
	return r.UnmarshalText(pairText(data, "message", "rate"))
}
