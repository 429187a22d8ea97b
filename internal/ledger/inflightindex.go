package ledger

// inFlightIndex finds a broadcast of an audience by its sequence while its series is
// open, unless it is forgotten.
type inFlightIndex struct{ sequenceIndex[broadcast] }

// add adds a broadcast, whose sequence follows that of the one added before.
func (f *inFlightIndex) add(b *broadcast) { f.append(b.sequence, b) }

// keptClosed is how many of the latest broadcasts are kept although they are closed, so that
// most copies that come after that are counted without a lock, and forgeries known as such.
const keptClosed = windowSize

// forgetClosed takes out the first broadcasts as far as they are closed, but not the latest.
// What is later than one that isn't closed stays, for hasLater.
func (f *inFlightIndex) forgetClosed() {
	broadcasts, n := f.all(), 0
	for len(broadcasts)-n > keptClosed && (broadcasts[n] == nil || broadcasts[n].closed) {
		n++
	}
	f.drop(n)
}

// remove takes out all broadcasts of a series. What is left in their places is nil.
func (f *inFlightIndex) remove(s *Series) {
	old := f.table.Load()
	if old == nil {
		return
	}
	kept := make([]*broadcast, len(old.entries))
	begin, end := len(kept), 0
	for i, b := range old.entries {
		if b != nil && b.series != s {
			kept[i] = b
			begin, end = min(begin, i), i+1
		}
	}
	if end == 0 {
		f.table.Store(nil)
		return
	}
	// Empty entries at the end stay, so that the next sequence finds its place.
	f.table.Store(&sequenceTable[broadcast]{first: old.first + uint32(begin), entries: kept[begin:]}) //nolint:gosec // begin is within the table
}
