package ledger

// rowIndex finds a row of an account by its sequence.
type rowIndex struct{ sequenceIndex[remoteRow] }

// add adds a row, whose sequence follows that of the one added before.
func (x *rowIndex) add(r *remoteRow) { x.append(r.sequence, r) }

// prepend adds rows before all others, the last of which they precede.
func (x *rowIndex) prepend(rows []*remoteRow) {
	x.table.Store(&sequenceTable[remoteRow]{first: rows[0].sequence, entries: append(rows, x.all()...)})
}
