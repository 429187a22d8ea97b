package ledger

// window remembers which of the latest broadcasts of one origin a listener has
// had: the highest sequence, and one bit for each of those up to it.
type window struct {
	origin  uint32
	highest uint32
	seen    [windowWords]uint64 // bit i%windowSize: sequence i
}

// windowSize is how far apart two broadcasts may overtake each other and still
// be told from duplicates.
const (
	windowWords = 4
	windowSize  = 64 * windowWords
)

// see enters one sequence and says whether it was there before, or came behind
// a higher one; or so far behind that it can't be told whether it was there.
func (w *window) see(sequence uint32) (o Outcome) {
	switch {
	case sequence > w.highest:
		w.forget(sequence)
		w.highest = sequence
	case w.beyond(sequence):
		return Outcome{Reordered: true, Late: true}
	case w.bit(sequence):
		return Outcome{Duplicate: true}
	default:
		o.Reordered = true
	}
	w.seen[sequence/64%windowWords] |= 1 << (sequence % 64)
	return o
}

// decided says whether a broadcast has been seen, or is so old that it will not
// be: a listener that heard that many later ones has lost it.
func (w *window) decided(sequence uint32) bool {
	return sequence <= w.highest && (w.beyond(sequence) || w.bit(sequence))
}

// beyond says whether a sequence lies before those that are remembered.
func (w *window) beyond(sequence uint32) bool { return w.highest-sequence >= windowSize }

func (w *window) bit(sequence uint32) bool {
	return w.seen[sequence/64%windowWords]&(1<<(sequence%64)) != 0
}

// forget clears the bits of the sequences between the highest and the next.
func (w *window) forget(next uint32) {
	if next-w.highest >= windowSize {
		w.seen = [windowWords]uint64{}
		return
	}
	for s := w.highest + 1; s != next; s++ {
		w.seen[s/64%windowWords] &^= 1 << (s % 64)
	}
	w.seen[next/64%windowWords] &^= 1 << (next % 64)
}
