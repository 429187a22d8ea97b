package doctor

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	examine(t, "clock", map[string]variation{
		"synchronised": {
			machine: func(m *Machine) {
				m.Clock = func() (Clock, error) { return Clock{true, time.Second, time.Millisecond}, nil }
			},
			found: "synchronised, off by at most 1s, probably by 1ms",
		},
		"not synchronised": {
			machine: func(m *Machine) {
				m.Clock = func() (Clock, error) { return Clock{false, time.Second, time.Second}, nil }
			},
			level: Warn, found: "nothing synchronises it", needed: "synchronised, if other machines broadcast", change: "chrony",
		},
	})
}
