package ledger

import (
	"slices"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// retractions are which of an audience's broadcasts could not be sent: the latest, as many
// as a closing can list, and from which sequence on these are all there are. The
// audience's lock guards them.
type retractions struct {
	ranges []stamp.Range // ordered, and with a gap between each two
	listed uint32
}

// add adds a sequence. Of more ranges than a token can list, the earliest is forgotten.
func (r *retractions) add(sequence uint32) {
	at, found := slices.BinarySearchFunc(r.ranges, sequence, compareRange)
	if found {
		return
	}
	r.ranges = slices.Insert(r.ranges, at, stamp.Range{First: sequence, Last: sequence})
	if at+1 < len(r.ranges) && r.ranges[at+1].First == sequence+1 {
		r.ranges[at].Last = r.ranges[at+1].Last
		r.ranges = slices.Delete(r.ranges, at+1, at+2)
	}
	if at > 0 && r.ranges[at-1].Last+1 == sequence {
		r.ranges[at-1].Last = r.ranges[at].Last
		r.ranges = slices.Delete(r.ranges, at, at+1)
	}
	r.forget()
}

// remove takes out a sequence.
func (r *retractions) remove(sequence uint32) {
	at, found := slices.BinarySearchFunc(r.ranges, sequence, compareRange)
	if !found {
		return
	}
	old := r.ranges[at]
	var parts []stamp.Range
	if old.First < sequence {
		parts = append(parts, stamp.Range{First: old.First, Last: sequence - 1})
	}
	if sequence < old.Last {
		parts = append(parts, stamp.Range{First: sequence + 1, Last: old.Last})
	}
	r.ranges = slices.Replace(r.ranges, at, at+1, parts...)
	r.forget()
}

// forget forgets the earliest of too many ranges.
func (r *retractions) forget() {
	if n := len(r.ranges) - stamp.MaxRanges; n > 0 {
		r.listed = r.ranges[n-1].Last + 1
		r.ranges = slices.Delete(r.ranges, 0, n)
	}
}

// compareRange compares a range with a sequence, which is equal if it is in it.
func compareRange(r stamp.Range, sequence uint32) int {
	switch {
	case r.Last < sequence:
		return -1
	case r.First > sequence:
		return 1
	default:
		return 0
	}
}
