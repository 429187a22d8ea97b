package truth

import (
	"sync"
	"sync/atomic"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Kept is how many broadcasts are kept in detail: the latest ones. The totals
// stay exact for ever.
const Kept = 2000

type field int

const (
	audienceOf field = iota
	delivered
	dropped
	deaf
	duplicated
	reorderedOf
	gone
	failed
	fields
)

type tally [fields]atomic.Int64

// key is what makes two broadcasts the same one.
type key struct{ origin, sequence uint32 }

// book is everything counted between two calls of Forget.
type book struct {
	number    uint64
	stamped   atomic.Int64
	unstamped atomic.Int64
	tally     tally
	echoes    tally // part of tally
	delay     *histogram.Histogram

	mu     sync.Mutex
	recent map[key]*Broadcast
	order  []key // of recent, a ring once it is full
	oldest int   // where the ring begins
}

func newBook(number uint64) *book {
	return &book{number: number, delay: histogram.New(), recent: map[key]*Broadcast{}}
}

// open finds the broadcast of a stamp, or makes it if it is the first.
func (k *book) open(s stamp.Stamp, stamped bool, number uint64) (b *Broadcast, first bool) {
	if !stamped {
		return &Broadcast{Number: number, book: k}, true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	id := key{s.Origin, s.Sequence}
	if b, ok := k.recent[id]; ok {
		return b, false
	}
	b = &Broadcast{Number: number, Stamp: s, Stamped: true, book: k, delay: histogram.New()}
	k.keep(id, b)
	return b, true
}

// keep remembers a broadcast, in place of the oldest if there are too many.
func (k *book) keep(id key, b *Broadcast) {
	if len(k.order) < Kept {
		k.order = append(k.order, id)
	} else {
		delete(k.recent, k.order[k.oldest])
		k.order[k.oldest] = id
		k.oldest = (k.oldest + 1) % Kept
	}
	k.recent[id] = b
}

// inOrder lists the broadcasts kept, oldest first.
func (k *book) inOrder() []*Broadcast {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := make([]*Broadcast, 0, len(k.order))
	for i := range k.order {
		list = append(list, k.recent[k.order[(k.oldest+i)%len(k.order)]])
	}
	return list
}
