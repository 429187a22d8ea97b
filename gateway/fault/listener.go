package fault

import (
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Outlet is a listener's way out to its connection.
type Outlet interface {
	Data(body []byte) error // writes a broadcast
	Error() error           // writes an error frame
	Cut()                   // ends the connection without a word
}

// Listener is one that broadcasts are delivered to: a connection that joined,
// or a subscription. Its zero value with the fields set is ready for use.
type Listener struct {
	Number   uint64          // what random choices depend on
	Out      Outlet          //
	Withheld *truth.Withheld // its connection's

	mu     sync.Mutex // held while a delivery is decided, written and counted
	closed bool
	ready  time.Time // when it joined or subscribed
	held   *delivery // waits for the next one to be written first
	marks  []mark    // how far each origin has come
}

// delivery is a broadcast on its way to a listener.
type delivery struct {
	broadcast *truth.Broadcast
	body      []byte
}

// mark is the highest sequence of an origin that was written.
type mark struct{ origin, sequence uint32 }

// patience is how long a delivery that is held back waits for the next one.
const patience = 100 * time.Millisecond

// Close ends the listener: whatever was still to be written to it is gone.
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

// settle decides what becomes of a delivery whose time has come.
func (f *Faults) settle(l *Listener, d delivery) {
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
		f.timetable(l).soon(patience, func() { f.release(l, &d) })
	default:
		l.write(p, d)
		if held := l.held; held != nil {
			l.held = nil
			l.write(p, *held)
		}
	}
}

// release writes a delivery that was held back for a next one which never came.
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
	l.write(p, *d)
}

func (l *Listener) isDeaf(p *plan) bool {
	return p.Deaf > 0 && time.Since(l.ready) < time.Duration(p.Deaf)
}

// write writes a delivery, what may go with it, and counts both.
func (l *Listener) write(p *plan, d delivery) {
	b := d.broadcast
	if p.hits(erring, p.Errors, b.Number, l.Number) {
		_ = l.Out.Error() // if it can't be written, neither can the delivery
	}
	if l.Out.Data(d.body) != nil {
		b.Failed()
		return
	}
	b.Delivered(l.behind(b))
	if p.hits(duplicating, p.Duplicate, b.Number, l.Number) && l.Out.Data(d.body) == nil {
		b.Duplicated()
	}
}

// behind notes that a broadcast was written, and says whether a later one of
// the same origin was written before: reordered as RFC 4737 has it.
func (l *Listener) behind(b *truth.Broadcast) bool {
	if !b.Stamped {
		return false
	}
	for i := range l.marks {
		if m := &l.marks[i]; m.origin == b.Stamp.Origin {
			late := b.Stamp.Sequence < m.sequence
			m.sequence = max(m.sequence, b.Stamp.Sequence)
			return late
		}
	}
	l.marks = append(l.marks, mark{b.Stamp.Origin, b.Stamp.Sequence})
	return false
}
