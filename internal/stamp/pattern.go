package stamp

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Pattern finds the send time in other people's broadcasts.
type Pattern struct{ expression *regexp.Regexp }

// NewPattern returns a pattern from an RE2 expression. It has one group, which
// holds the send time in milliseconds since the Unix epoch.
func NewPattern(expression string) (*Pattern, error) {
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	if n := compiled.NumSubexp(); n != 1 {
		return nil, fmt.Errorf("must have one group, which holds the send time in epoch milliseconds, and has %d", n)
	}
	return &Pattern{expression: compiled}, nil
}

// Find returns the send time of the first match in data.
func (p *Pattern) Find(data []byte) (sent time.Time, ok bool) {
	match := p.expression.FindSubmatchIndex(data)
	if match == nil || match[2] < 0 {
		return time.Time{}, false
	}
	millis, err := strconv.ParseFloat(string(data[match[2]:match[3]]), 64)
	if err != nil || math.IsNaN(millis) {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(max(-maxMicros, min(millis*1000, maxMicros)))), true
}

// maxMicros is how far from 1970 a time may be, in years about 146,000. A number beyond
// it is in another unit, as nanoseconds are, and the farthest time shows that as well.
const maxMicros = 1 << 62
