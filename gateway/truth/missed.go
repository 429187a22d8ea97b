package truth

import "sync"

// Missed counts the deliveries that were kept from one connection, dropped or
// deaf. It is apart from the broadcasts' accounts because what a connection
// missed is evidence only as long as it is open: of one that was cut while
// broadcasts were in flight nobody can say what it would have received.
type Missed struct {
	mu    sync.Mutex
	book  uint64 // the account that n belongs to
	count int64
}

func (m *Missed) add(book uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case book == m.book:
		m.count++
	case book > m.book:
		m.book, m.count = book, 1
	}
}

// Missed is what m holds for the account as it is now.
func (a *Tally) Missed(m *Missed) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.book != a.current.Load().number {
		return 0
	}
	return m.count
}
