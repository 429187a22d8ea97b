package doctor

import (
	"time"

	"golang.org/x/sys/unix"
)

func readClock() (Clock, error) {
	const unsynchronised = 0x40 // STA_UNSYNC
	var state unix.Timex        // no modes: nothing is changed
	if _, err := unix.Adjtimex(&state); err != nil {
		return Clock{}, err
	}
	return Clock{
		Synchronised: state.Status&unsynchronised == 0,
		Most:         time.Duration(state.Maxerror) * time.Microsecond,
		Likely:       time.Duration(state.Esterror) * time.Microsecond,
	}, nil
}
