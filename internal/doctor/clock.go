package doctor

import (
	"fmt"
	"time"
)

// Clock is the state of the system's clock, in the words of adjtimex(2).
type Clock struct {
	// Synchronised reports whether NTP or the like keeps the clock right.
	Synchronised bool
	// MaxError is a bound on how far off the clock is, EstError an estimate.
	MaxError, EstError time.Duration
}

// clock checks whether this machine's times can be compared with those of other
// machines. A run on one machine measures everything with the same clock.
func (e *examination) clock() Finding {
	f := Finding{
		Check:  "clock",
		Needed: "synchronised, if other machines broadcast",
		Change: "run chrony or another client of NTP, on all machines (on EC2, with 169.254.169.123)",
	}
	clock, err := e.Clock()
	if err != nil {
		return unknown(f.Check)
	}
	if !clock.Synchronised {
		f.Level = Warn
		f.Found = "nothing synchronises it"
		return f
	}
	f.Found = fmt.Sprintf("synchronised, off by at most %s, probably by %s", clock.MaxError, clock.EstError)
	return f
}
