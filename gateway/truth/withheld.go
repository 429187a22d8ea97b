package truth

import "sync"

// Withheld counts the deliveries that were withheld from one connection:
// dropped, or not heard because it was deaf. It is kept by the connection, not
// by the broadcasts' accounts, because it is evidence only while the connection
// is open: what a connection would have received that was cut while broadcasts
// were in flight can't be known.
type Withheld struct {
	mu    sync.Mutex
	epoch uint64 // the number of the epoch that count belongs to
	count int64
}

// add counts one delivery of an epoch. Deliveries of earlier epochs, which have
// been forgotten, don't count.
func (w *Withheld) add(epoch uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case epoch == w.epoch:
		w.count++
	case epoch > w.epoch:
		w.epoch, w.count = epoch, 1
	}
}

// Withheld returns how many deliveries w has counted since the last Forget.
func (t *Tally) Withheld(w *Withheld) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epoch != t.current.Load().number {
		return 0
	}
	return w.count
}
