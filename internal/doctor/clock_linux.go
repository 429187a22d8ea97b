package doctor

import (
	"time"

	"golang.org/x/sys/unix"
)

func readClock() (Clock, error) {
	var state unix.Timex // modes is zero: adjtimex(2) only reads
	if _, err := unix.Adjtimex(&state); err != nil {
		return Clock{}, err
	}
	return clockOf(state), nil
}

// clockOf converts the kernel's state, whose errors are in microseconds.
func clockOf(state unix.Timex) Clock {
	const unsynchronised = 0x40 // STA_UNSYNC
	return Clock{
		Synchronised: state.Status&unsynchronised == 0,
		MaxError:     time.Duration(state.Maxerror) * time.Microsecond,
		EstError:     time.Duration(state.Esterror) * time.Microsecond,
	}
}
