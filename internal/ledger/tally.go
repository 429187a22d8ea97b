package ledger

import "sync/atomic"

// tally counts until it is closed. What is added after that is known not to be counted.
type tally struct{ word atomic.Int64 }

const tallyClosed = 1 << 62 // far above any count

// add adds one and reports whether it is counted.
func (t *tally) add() bool { return t.word.Add(1) < tallyClosed }

// count returns the count of a tally that is open.
func (t *tally) count() int64 { return t.word.Load() &^ tallyClosed }

// close ends the counting and returns the count.
func (t *tally) close() int64 { return t.word.Or(tallyClosed) }
