package fault

import (
	"strings"
	"time"
)

// Spread is how late deliveries are: between two durations, which may be the
// same. The zero value is not at all.
type Spread struct {
	From, To Duration
}

// ParseSpread reads "20ms" or "5ms..80ms".
func ParseSpread(text string) (Spread, error) {
	from, to, spread := strings.Cut(text, "..")
	if !spread {
		to = from
	}
	least, err1 := parseDuration(from)
	most, err2 := parseDuration(to)
	if err1 != nil || err2 != nil || most < least {
		return Spread{}, errSpread
	}
	return Spread{From: least, To: most}, nil
}

// String is what ParseSpread reads.
func (s Spread) String() string {
	if s.From == s.To {
		return time.Duration(s.From).String()
	}
	return time.Duration(s.From).String() + ".." + time.Duration(s.To).String()
}

// MarshalText makes a Spread a JSON string.
func (s Spread) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// at is the delay for a random number from 0 to 1.
func (s Spread) at(random float64) time.Duration {
	return time.Duration(s.From) + time.Duration(random*float64(s.To-s.From))
}

// Duration is a time.Duration whose JSON is text such as "500ms".
type Duration time.Duration

// MarshalText makes a Duration a JSON string.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
