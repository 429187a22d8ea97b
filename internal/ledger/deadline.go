package ledger

import (
	"math"
	"sync/atomic"
	"time"
)

// deadline is until when first copies of a broadcast are in time: until settle has passed
// without one. A first copy that arrives in time puts it off, until somebody finds that
// it has passed. From then on the broadcast is settled for good and the deadline stays
// where it is; what arrived before it and is read only now is still in time, until the
// broadcast is closed.
//
// It is one word, so that all who look at it at once agree: nanoseconds since the
// broadcast was published, negative once it is settled.
type deadline struct{ word atomic.Int64 }

// never is the deadline of a broadcast that isn't settled before its series is closed.
const never = math.MaxInt64

// set sets the deadline of a new broadcast. Where settle is zero, there is none.
func (d *deadline) set(settle time.Duration) {
	if settle == 0 {
		settle = never
	}
	d.word.Store(int64(settle))
}

// admit reports whether a first copy that arrived so long after publishing is in time.
func (d *deadline) admit(arrived, settle time.Duration) bool {
	for !d.passed(arrived) {
		word := d.word.Load()
		// A sum that overflows is negative, and the deadline is centuries away anyway.
		if word < 0 || word == never || int64(arrived+settle) <= word || d.word.CompareAndSwap(word, int64(arrived+settle)) {
			return true
		}
	}
	return false
}

// passed reports whether the deadline has passed so long after publishing. If it has, the
// broadcast is settled.
func (d *deadline) passed(after time.Duration) bool {
	for {
		word := d.word.Load()
		switch {
		case word < 0:
			return int64(after) > -word
		case int64(after) <= word:
			return false
		case d.word.CompareAndSwap(word, -word):
			return true
		}
	}
}

// lastFirst returns how long after publishing the latest first copy in time had arrived; zero
// if there is none yet.
func (d *deadline) lastFirst(settle time.Duration) time.Duration {
	word := d.word.Load()
	return time.Duration(max(word, -word)) - settle
}

// close makes everything late, whenever it arrived.
func (d *deadline) close() { d.word.Store(math.MinInt64) }

// settled reports whether somebody has found that the deadline has passed.
func (d *deadline) settled() bool { return d.word.Load() < 0 }
