package ledger

// replayWindow remembers which of the latest broadcasts of one origin a listener has
// read. It is the anti-replay window of IPsec (RFC 4303, section 3.4.3): the highest
// sequence, and a bit for each of those up to it. The bits form a ring of words, as in
// RFC 6479, so that a new highest sequence shifts nothing.
type replayWindow struct {
	highest uint32
	bits    [windowWords]uint64 // sequence n is bit n%windowSize
}

// windowSize is how far a broadcast may be overtaken and still be told from a duplicate.
const (
	windowWords = 4
	windowSize  = 64 * windowWords
)

// accept enters a sequence. The outcome is a duplicate if it was there before, reordered
// if a higher one was, and late too if it is too old to tell whether it was there.
func (w *replayWindow) accept(sequence uint32) (o Outcome) {
	switch {
	case sequence > w.highest:
		w.advance(sequence)
	case w.tooOld(sequence):
		return Outcome{Reordered: true, Late: true}
	case w.has(sequence):
		return Outcome{Duplicate: true}
	default:
		o.Reordered = true
	}
	w.bits[sequence/64%windowWords] |= 1 << (sequence % 64)
	return o
}

// settled reports whether accept can take the sequence for a first copy no more, because
// it was there before or is too old.
func (w *replayWindow) settled(sequence uint32) bool {
	return sequence <= w.highest && (w.tooOld(sequence) || w.has(sequence))
}

// tooOld reports whether a sequence, at most the highest, lies before the window.
func (w *replayWindow) tooOld(sequence uint32) bool { return w.highest-sequence >= windowSize }

// has reports whether a sequence within the window was accepted.
func (w *replayWindow) has(sequence uint32) bool {
	return w.bits[sequence/64%windowWords]&(1<<(sequence%64)) != 0
}

// advance makes a higher sequence the highest, and forgets what the ring held between.
func (w *replayWindow) advance(to uint32) {
	if to-w.highest >= windowSize {
		w.bits = [windowWords]uint64{}
	} else {
		for n := w.highest + 1; n != to; n++ {
			w.bits[n/64%windowWords] &^= 1 << (n % 64)
		}
	}
	w.highest = to
}
