package fault

import (
	"errors"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Outlet writes to a listener's connection.
type Outlet interface {
	// Data writes a broadcast. It calls written once when all of it has been written or
	// can't be, maybe before it returns, unless it returns an error.
	Data(body []byte, written func(error)) error
	Error() error // writes an error frame
	Cut()         // ends the connection without a close frame
}

// Listener is what broadcasts are delivered to: a connection that joined a room,
// or a subscription. It is ready for use when its exported fields are set.
type Listener struct {
	Number   uint64 // its connection's; random choices depend on it
	Out      Outlet
	Withheld *truth.Withheld // its connection's

	mu      sync.Mutex // held while a delivery is decided and given to Out
	closed  bool
	ready   time.Time // when it joined or subscribed
	held    *delivery // waits until the next one has been written
	highest []highest // one for each origin
}

// delivery is a broadcast on its way to a listener.
type delivery struct {
	broadcast *truth.Broadcast
	body      []byte
}

// highest is the highest sequence of an origin that has been written.
type highest struct{ origin, sequence uint32 }

// reorderTimeout is how long a delivery that is to be reordered waits for the
// next one. If none comes, it is written in order.
const reorderTimeout = 100 * time.Millisecond

// Close ends the listener. Deliveries that have not been written count as gone.
func (l *Listener) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.held != nil {
		l.held.broadcast.Gone()
		l.held = nil
	}
}

func (l *Listener) setReady() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = time.Now()
}

// settle decides what becomes of a delivery that is due, and does it. It returns
// socket.ErrFull if the delivery was dropped because the client reads too slowly.
func (f *Faults) settle(l *Listener, d delivery) (err error) {
	p := f.plan.Load()
	b := d.broadcast
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		b.Gone()
	case l.isDeaf(p):
		b.Deaf(l.Withheld)
	case p.hits(dropping, p.Drop, b.Number, l.Number):
		b.Dropped(l.Withheld)
	case l.held == nil && p.hits(reordering, p.Reorder, b.Number, l.Number):
		l.held = &d
		f.timetable(l).soon(reorderTimeout, func() { f.release(l, &d) })
	default:
		err = l.write(p, d)
		if held := l.held; held != nil {
			l.held = nil
			_ = l.write(p, *held)
		}
	}
	return err
}

// release writes a delivery that was held back, unless a next one came meanwhile
// or the listener was closed.
func (f *Faults) release(l *Listener, d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != d {
		return
	}
	l.held = nil
	p := f.plan.Load()
	if l.isDeaf(p) {
		d.broadcast.Deaf(l.Withheld)
		return
	}
	_ = l.write(p, *d)
}

func (l *Listener) isDeaf(p *plan) bool {
	return p.Deaf > 0 && time.Since(l.ready) < time.Duration(p.Deaf)
}

// write writes a delivery, with an error frame before it and a copy after it
// where the faults demand it, and has both counted when they have been written. A
// delivery that isn't written because too much waits for the client is dropped.
func (l *Listener) write(p *plan, d delivery) error {
	b := d.broadcast
	if p.hits(erring, p.Errors, b.Number, l.Number) {
		_ = l.Out.Error() // if this fails, so will the delivery
	}
	late := l.late(b)
	err := l.Out.Data(d.body, func(err error) {
		if err != nil {
			b.Failed()
			return
		}
		b.Delivered(late)
	})
	switch {
	case errors.Is(err, socket.ErrFull):
		b.Dropped(l.Withheld)
		return err
	case err != nil:
		b.Failed()
		return nil
	}
	l.passed(b)
	if p.hits(duplicating, p.Duplicate, b.Number, l.Number) {
		_ = l.Out.Data(d.body, func(err error) {
			if err == nil {
				b.Duplicated()
			}
		})
	}
	return nil
}

// late reports whether a later broadcast of the same origin was written before, which
// RFC 4737 calls reordered.
func (l *Listener) late(b *truth.Broadcast) bool {
	h := l.highestOf(b)
	return h != nil && b.Stamp.Sequence < h.sequence
}

// passed records that a broadcast is written before all that come now.
func (l *Listener) passed(b *truth.Broadcast) {
	switch h := l.highestOf(b); {
	case h != nil:
		h.sequence = max(h.sequence, b.Stamp.Sequence)
	case b.Stamped:
		l.highest = append(l.highest, highest{b.Stamp.Origin, b.Stamp.Sequence})
	}
}

// highestOf returns the entry for a broadcast's origin, or nil if there is none.
func (l *Listener) highestOf(b *truth.Broadcast) *highest {
	if !b.Stamped {
		return nil
	}
	for i := range l.highest {
		if h := &l.highest[i]; h.origin == b.Stamp.Origin {
			return h
		}
	}
	return nil
}
