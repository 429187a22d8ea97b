package fault

import (
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

// ParseChance reads "0.01" or "1/100".
func ParseChance(text string) (Chance, error) {
	if every, ok := strings.CutPrefix(text, "1/"); ok {
		n, err := strconv.ParseUint(every, 10, 32)
		if err != nil || n == 0 {
			return Chance{}, errChance
		}
		return Chance{every: n}, nil
	}
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || !(rate >= 0 && rate <= 1) {
		return Chance{}, errChance
	}
	return Chance{rate: rate}, nil
}

// String is what ParseChance reads.
func (c Chance) String() string {
	if c.every > 0 {
		return fmt.Sprintf("1/%d", c.every)
	}
	return strconv.FormatFloat(c.rate, 'g', -1, 64)
}

// MarshalText makes a Chance a JSON string.
func (c Chance) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c Chance) never() bool { return c == Chance{} }
