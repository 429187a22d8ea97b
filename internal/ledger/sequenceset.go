package ledger

import "slices"

// sequenceSet is which sequences of an audience are a series'. Where series take turns at
// every broadcast, it knows the latest turns only, so that it doesn't grow.
type sequenceSet struct {
	turns []turn
	count int // of all, also those it doesn't know any more
}

// turn is a number of broadcasts of one series that followed one another.
type turn struct{ first, last uint32 }

const maxTurns = 1024

// add adds a sequence that is higher than all before.
func (s *sequenceSet) add(sequence uint32) {
	s.count++
	if n := len(s.turns); n > 0 && s.turns[n-1].last+1 == sequence {
		s.turns[n-1].last = sequence
		return
	}
	if len(s.turns) == maxTurns {
		s.turns = slices.Delete(s.turns, 0, maxTurns/2)
	}
	s.turns = append(s.turns, turn{sequence, sequence})
}

// has reports whether a sequence is in the set.
func (s *sequenceSet) has(sequence uint32) bool {
	_, found := slices.BinarySearchFunc(s.turns, sequence, func(t turn, sequence uint32) int {
		switch {
		case t.last < sequence:
			return -1
		case t.first > sequence:
			return 1
		default:
			return 0
		}
	})
	return found
}
