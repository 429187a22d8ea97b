package doctor

import (
	"fmt"
	"time"
)

// Clock is the state of the system's clock: adjtimex(2).
type Clock struct {
	// Synchronised says that something keeps it right.
	Synchronised bool
	// Most is how far off it may be, Likely how far off it probably is.
	Most, Likely time.Duration
}

// clock looks at whether times of other machines can be compared with those of
// this one. Without them, one clock measures both ends.
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
	f.Found = fmt.Sprintf("synchronised, off by at most %s, probably by %s", clock.Most, clock.Likely)
	return f
}
