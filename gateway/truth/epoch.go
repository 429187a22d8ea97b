package truth

import (
	"sync"
	"sync/atomic"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// maxRecent is how many broadcasts are reported one by one: the latest ones.
// The totals stay exact however many there are.
const maxRecent = 2000

// field is what can be counted of a broadcast's deliveries.
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

type counters [fields]atomic.Int64

// key identifies a broadcast: two with the same key are the same one.
type key struct{ origin, sequence uint32 }

// epoch is everything counted between two calls of Forget.
type epoch struct {
	number    uint64 // how many epochs came before
	stamped   atomic.Int64
	unstamped atomic.Int64
	all       counters
	echoes    counters // the part of all that went back to the sender
	controls  atomic.Int64
	control   counters // of messages with control tokens, which all doesn't have
	delay     *histogram.Histogram

	mu     sync.Mutex
	recent map[key]*Broadcast
	order  []key // the keys of recent, a ring once it is full
	oldest int   // where the ring begins
}

func newEpoch(number uint64) *epoch {
	return &epoch{number: number, delay: histogram.New(), recent: map[key]*Broadcast{}}
}

// open returns the broadcast with a stamp, a new one if it is the first with
// that stamp or has none. number is the new broadcast's number.
func (e *epoch) open(s stamp.Stamp, stamped bool, number uint64) (b *Broadcast, first bool) {
	if !stamped {
		return &Broadcast{Number: number, epoch: e}, true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := key{s.Origin, s.Sequence}
	if b, ok := e.recent[id]; ok {
		return b, false
	}
	b = &Broadcast{Number: number, Stamp: s, Stamped: true, epoch: e, delay: histogram.New()}
	e.add(id, b)
	return b, true
}

// add adds a broadcast to the recent ones, in place of the oldest if there are
// too many.
func (e *epoch) add(id key, b *Broadcast) {
	if len(e.order) < maxRecent {
		e.order = append(e.order, id)
	} else {
		delete(e.recent, e.order[e.oldest])
		e.order[e.oldest] = id
		e.oldest = (e.oldest + 1) % maxRecent
	}
	e.recent[id] = b
}

// inOrder returns the recent broadcasts, oldest first.
func (e *epoch) inOrder() []*Broadcast {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*Broadcast, 0, len(e.order))
	for i := range e.order {
		list = append(list, e.recent[e.order[(e.oldest+i)%len(e.order)]])
	}
	return list
}
