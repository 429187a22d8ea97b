package fault

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Chance is how often something goes wrong: with a probability, or exactly
// every n-th time. The zero value is never.
type Chance struct {
	rate  float64
	every uint64
}

var errChance = errors.New("must be a probability between 0 and 1, or 1/n for every n-th")

// String returns "0.01" or "1/100".
func (c Chance) String() string {
	if c.every > 0 {
		return fmt.Sprintf("1/%d", c.every)
	}
	return strconv.FormatFloat(c.rate, 'g', -1, 64)
}

// MarshalText returns what UnmarshalText reads.
func (c Chance) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads "0.01" or "1/100".
func (c *Chance) UnmarshalText(text []byte) error {
	if every, ok := strings.CutPrefix(string(text), "1/"); ok {
		n, err := strconv.ParseUint(every, 10, 32)
		if err != nil || n == 0 {
			return errChance
		}
		*c = Chance{every: n}
		return nil
	}
	rate, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(rate >= 0 && rate <= 1) { // NaN is neither
		return errChance
	}
	*c = Chance{rate: rate}
	return nil
}

func (c Chance) never() bool { return c == Chance{} }
