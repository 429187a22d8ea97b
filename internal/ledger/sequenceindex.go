package ledger

import "sync/atomic"

// sequenceIndex finds what has consecutive sequences by these. Looking one up takes no lock;
// changes are made under the audience's.
type sequenceIndex[T any] struct {
	table atomic.Pointer[sequenceTable[T]]
}

// sequenceTable holds the entry of sequence first+i at i. Once readers can see an entry, it
// never changes.
type sequenceTable[T any] struct {
	first   uint32
	entries []*T
}

// find returns the entry of a sequence, nil if there is none.
func (x *sequenceIndex[T]) find(sequence uint32) *T {
	t := x.table.Load()
	if t == nil {
		return nil
	}
	// A sequence below first wraps round to an index that is far too large.
	if i := sequence - t.first; i < uint32(len(t.entries)) { //nolint:gosec // a table is far shorter than 2³²
		return t.entries[i]
	}
	return nil
}

// all returns the entries in the order of their sequences.
func (x *sequenceIndex[T]) all() []*T {
	if t := x.table.Load(); t != nil {
		return t.entries
	}
	return nil
}

// append adds the entry of a sequence that follows that of the one added before.
func (x *sequenceIndex[T]) append(sequence uint32, entry *T) {
	t := x.table.Load()
	if t == nil {
		t = &sequenceTable[T]{first: sequence}
	}
	// Appending may write past the end of the table that readers see, never within it.
	x.table.Store(&sequenceTable[T]{first: t.first, entries: append(t.entries, entry)})
}

// drop takes out the first n entries.
func (x *sequenceIndex[T]) drop(n int) {
	t := x.table.Load()
	switch {
	case n == 0:
	case n == len(t.entries):
		x.table.Store(nil)
	default:
		x.table.Store(&sequenceTable[T]{first: t.first + uint32(n), entries: t.entries[n:]}) //nolint:gosec // n is within the table
	}
}
