package ledger

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// retracted is what another process has said of its retractions. The audience's lock
// guards it.
type retracted struct {
	ranges []stamp.Range // ordered, and apart from each other
	// unlisted are the ranges in which others may have been retracted.
	unlisted []stamp.Range
	seen     uint32 // up to which sequence all this holds
}

// maxRetracted bounds either list.
const maxRetracted = 1024

// learn takes in what a closing says.
func (r *retracted) learn(c *stamp.Closing) {
	if c.Last < r.seen {
		return // a later one was read before
	}
	if c.Listed > r.seen+1 {
		r.unlisted = append(r.unlisted, stamp.Range{First: r.seen + 1, Last: c.Listed - 1})
	}
	// What it lists is all there is from there on, so it replaces what was known.
	at, split := slices.BinarySearchFunc(r.ranges, c.Listed, compareRange)
	if split && r.ranges[at].First < c.Listed {
		r.ranges[at].Last = c.Listed - 1
		at++
	}
	r.ranges = append(r.ranges[:at], c.Retracted...)
	r.seen = c.Last
	r.ranges = r.ranges[max(0, len(r.ranges)-maxRetracted):]
	r.unlisted = r.unlisted[max(0, len(r.unlisted)-maxRetracted):]
}

// has reports whether a sequence was retracted.
func (r *retracted) has(sequence uint32) bool {
	_, found := slices.BinarySearchFunc(r.ranges, sequence, compareRange)
	return found
}

// uncertain reports whether a sequence may have been retracted without being listed.
func (r *retracted) uncertain(sequence uint32) bool {
	_, found := slices.BinarySearchFunc(r.unlisted, sequence, compareRange)
	return found
}

// forget forgets what is said of sequences before the first.
func (r *retracted) forget(first uint32) {
	before := func(x stamp.Range) bool { return x.Last < first }
	r.ranges = slices.DeleteFunc(r.ranges, before)
	r.unlisted = slices.DeleteFunc(r.unlisted, before)
}
