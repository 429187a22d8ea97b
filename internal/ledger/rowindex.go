package ledger

import "sync/atomic"

// rowIndex finds a row of an account by its sequence. Looking one up takes no lock;
// changes are made under the audience's. Rows have consecutive sequences.
type rowIndex struct {
	table atomic.Pointer[rowTable]
}

// rowTable holds the row of sequence first+i at i. Once readers can see an entry, it never
// changes.
type rowTable struct {
	first uint32
	rows  []*remoteRow
}

// find returns the row of a sequence, nil if there is none.
func (x *rowIndex) find(sequence uint32) *remoteRow {
	t := x.table.Load()
	if t == nil {
		return nil
	}
	// A sequence below first wraps round to an index that is far too large.
	if i := sequence - t.first; i < uint32(len(t.rows)) { //nolint:gosec // a table is far shorter than 2³²
		return t.rows[i]
	}
	return nil
}

// all returns the rows in the order of their sequences.
func (x *rowIndex) all() []*remoteRow {
	if t := x.table.Load(); t != nil {
		return t.rows
	}
	return nil
}

// add adds a row, whose sequence follows that of the one added before.
func (x *rowIndex) add(r *remoteRow) {
	t := x.table.Load()
	if t == nil {
		t = &rowTable{first: r.sequence}
	}
	// Appending may write past the end of the table that readers see, never within it.
	x.table.Store(&rowTable{first: t.first, rows: append(t.rows, r)})
}

// prepend adds rows before all others, the last of which they precede.
func (x *rowIndex) prepend(rows []*remoteRow) {
	x.table.Store(&rowTable{first: rows[0].sequence, rows: append(rows, x.all()...)})
}

// drop takes out the first n rows.
func (x *rowIndex) drop(n int) {
	t := x.table.Load()
	switch {
	case n == 0:
	case n == len(t.rows):
		x.table.Store(nil)
	default:
		x.table.Store(&rowTable{first: t.first + uint32(n), rows: t.rows[n:]}) //nolint:gosec // n is within the table
	}
}
