package ledger

import "sync/atomic"

// flights finds a broadcast of an audience by its sequence while its account is
// open. Looking up takes no lock; changes are made under the audience's.
type flights struct {
	table atomic.Pointer[flightTable]
}

// flightTable holds the broadcast of sequence first+i at i, nil where its
// account is closed. Entries are never changed once they can be seen.
type flightTable struct {
	first      uint32
	broadcasts []*broadcast
}

func (f *flights) find(sequence uint32) *broadcast {
	t := f.table.Load()
	if t == nil {
		return nil
	}
	if i := sequence - t.first; i < uint32(len(t.broadcasts)) { //nolint:gosec // unsigned on purpose: below first is beyond the end
		return t.broadcasts[i]
	}
	return nil
}

// add enters a broadcast whose sequence follows that of the one before.
func (f *flights) add(b *broadcast) {
	t := f.table.Load()
	if t == nil || len(t.broadcasts) == 0 {
		t = &flightTable{first: b.sequence}
	}
	// Appending may write behind the end of the table that readers see, never within it.
	f.table.Store(&flightTable{first: t.first, broadcasts: append(t.broadcasts, b)})
}

// remove takes out all broadcasts of an account.
func (f *flights) remove(account *Series) {
	old := f.table.Load()
	if old == nil {
		return
	}
	kept := make([]*broadcast, len(old.broadcasts))
	end := 0
	for i, b := range old.broadcasts {
		if b != nil && b.account != account {
			kept[i] = b
			end = i + 1
		}
	}
	begin := 0
	for begin < end && kept[begin] == nil {
		begin++
	}
	// The tail has to stay so that the next sequence finds its place.
	next := &flightTable{first: old.first + uint32(begin), broadcasts: kept[begin:]} //nolint:gosec // begin is within the table
	if end == 0 {
		next = nil
	}
	f.table.Store(next)
}
