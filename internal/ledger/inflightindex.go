package ledger

import "sync/atomic"

// inFlightIndex finds a broadcast of an audience by its sequence while its series is
// open, unless it is forgotten. Looking one up takes no lock; changes are made under the
// audience's.
type inFlightIndex struct {
	table atomic.Pointer[indexTable]
}

// indexTable holds the broadcast of sequence first+i at i, nil where its series is
// closed. Once readers can see an entry, it never changes.
type indexTable struct {
	first      uint32
	broadcasts []*broadcast
}

// find returns the broadcast of a sequence, nil if there is none in an open series or it is
// forgotten.
func (f *inFlightIndex) find(sequence uint32) *broadcast {
	t := f.table.Load()
	if t == nil {
		return nil
	}
	// A sequence below first wraps round to an index that is far too large.
	if i := sequence - t.first; i < uint32(len(t.broadcasts)) { //nolint:gosec // a table is far shorter than 2³²
		return t.broadcasts[i]
	}
	return nil
}

// add adds a broadcast, whose sequence follows that of the one added before.
func (f *inFlightIndex) add(b *broadcast) {
	t := f.table.Load()
	if t == nil {
		t = &indexTable{first: b.sequence}
	}
	// Appending may write past the end of the table that readers see, never within it.
	f.table.Store(&indexTable{first: t.first, broadcasts: append(t.broadcasts, b)})
}

// keptClosed is how many of the latest broadcasts are kept although they are closed, so that
// most copies that come after that are counted without a lock, and forgeries known as such.
const keptClosed = windowSize

// forgetClosed takes out the first broadcasts as far as they are closed, but not the latest.
// What is later than one that isn't closed stays, for hasLater.
func (f *inFlightIndex) forgetClosed() {
	t := f.table.Load()
	if t == nil {
		return
	}
	n := 0
	for len(t.broadcasts)-n > keptClosed && (t.broadcasts[n] == nil || t.broadcasts[n].closed) {
		n++
	}
	if n > 0 {
		f.table.Store(&indexTable{first: t.first + uint32(n), broadcasts: t.broadcasts[n:]}) //nolint:gosec // n is within the table
	}
}

// remove takes out all broadcasts of a series.
func (f *inFlightIndex) remove(s *Series) {
	old := f.table.Load()
	if old == nil {
		return
	}
	kept := make([]*broadcast, len(old.broadcasts))
	begin, end := len(kept), 0
	for i, b := range old.broadcasts {
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
	f.table.Store(&indexTable{first: old.first + uint32(begin), broadcasts: kept[begin:]}) //nolint:gosec // begin is within the table
}
