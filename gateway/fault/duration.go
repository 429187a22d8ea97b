package fault

import (
	"errors"
	"time"
)

// Duration is a time.Duration, zero or longer, whose JSON is text such as "500ms".
type Duration time.Duration

var errDuration = errors.New(`must be a duration such as "500ms", zero or longer`)

// String returns text such as "500ms".
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText returns what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads text such as "500ms".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 {
		return errDuration
	}
	*d = Duration(parsed)
	return nil
}
