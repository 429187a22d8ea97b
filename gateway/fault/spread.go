package fault

import (
	"errors"
	"strings"
	"time"
)

// Spread is a range of durations, from which delays are chosen evenly. From and
// To may be the same. The zero value is no delay.
type Spread struct {
	From, To Duration
}

var errSpread = errors.New(`must be a duration such as "20ms" or a spread such as "5ms..80ms"`)

// String returns "20ms" or "5ms..80ms".
func (s Spread) String() string {
	if s.From == s.To {
		return s.From.String()
	}
	return s.From.String() + ".." + s.To.String()
}

// MarshalText returns what UnmarshalText reads.
func (s Spread) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "20ms" or "5ms..80ms".
func (s *Spread) UnmarshalText(text []byte) error {
	from, to, isRange := strings.Cut(string(text), "..")
	if !isRange {
		to = from
	}
	var parsed Spread
	if parsed.From.UnmarshalText([]byte(from)) != nil || parsed.To.UnmarshalText([]byte(to)) != nil || parsed.To < parsed.From {
		return errSpread
	}
	*s = parsed
	return nil
}

// at returns the delay for a random number from 0 to 1.
func (s Spread) at(random float64) time.Duration {
	return time.Duration(s.From) + time.Duration(random*float64(s.To-s.From))
}
