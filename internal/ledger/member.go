package ledger

import (
	"errors"
	"slices"
	"time"
)

// Member is one listener of an audience. All its methods, and Ledger.Deliver to it, are
// called from the one goroutine that reads its connection.
type Member struct {
	audience *Audience
	state    state
	// ready and confirmed mark the latest broadcast when the gateway acknowledged the
	// listener, and when the listener first read a stamp. Later broadcasts are due to it.
	ready, confirmed mark
	// readyAt and confirmedAt are when that was.
	readyAt, confirmedAt instant
	// own is for the broadcasts of its own audience in this process, others for those of
	// every other origin, so that these can't crowd it out.
	own    replayWindow
	others []originWindow
}

// originWindow is what a listener remembers of an origin that isn't its audience's.
type originWindow struct {
	origin uint32
	firsts uint32 // how many sequences were accepted as first copies
	replayWindow
}

type state uint8

const (
	connecting state = iota
	listening
	gone
)

// mark is a place in the sequence of broadcasts, once it is set.
type mark struct {
	set      bool
	sequence uint32
}

func (m mark) before(sequence uint32) bool { return m.set && sequence > m.sequence }

// Ready notes that the gateway has acknowledged the listener.
func (m *Member) Ready() { m.becomeReady(0) }

// ReadyInPlace is Ready of a listener that takes the place of one that was cut off. No
// broadcast can come between the two, and be due to the one and missed by the other.
func (m *Member) ReadyInPlace() { m.becomeReady(1) }

func (m *Member) becomeReady(replaced int) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.state != connecting {
		return
	}
	a.count.CutOff = max(a.count.CutOff-replaced, 0)
	m.state = listening
	m.ready = a.mark()
	m.readyAt = a.remotes.ready.join(instantOf(time.Now()))
	a.count.Connecting--
	a.count.Ready++
	if m.confirmed.set { // a broadcast overtook the acknowledgement
		a.count.Confirmed++
		m.confirmedAt = a.remotes.confirmed.join(m.readyAt)
	}
	a.notify()
}

// hereSince returns since when other processes' broadcasts are due to the listener, or,
// where they are due to confirmed listeners only, would be.
func (m *Member) hereSince(confirmed bool) instant {
	switch {
	case m.state != listening, confirmed && !m.confirmed.set:
		return farAhead
	case confirmed:
		return m.confirmedAt
	default:
		return m.readyAt
	}
}

// markConfirmed notes that the listener has read a stamp, and so isn't deaf.
func (m *Member) markConfirmed() {
	if m.confirmed.set {
		return
	}
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	m.confirmed = a.mark()
	if m.state == listening {
		a.count.Confirmed++
		m.confirmedAt = a.remotes.confirmed.join(instantOf(time.Now()))
		a.notify()
	}
}

// Departure is who ended a listener's connection.
type Departure uint8

const (
	// Local means that this side did, because the listener's time was over or it was told to. What
	// was on its way to the listener is unknown.
	Local Departure = iota
	// Cut means that the gateway or the network did. What was on its way is lost.
	Cut
)

// errCut is why a listener failed whose connection was cut before it was ready.
var errCut = errors.New("the connection ended before the gateway acknowledged the listener")

// Leave notes that the listener's connection has ended. Of a listener that never was
// ready, it is Fail: because of nothing if this side ended it.
func (m *Member) Leave(how Departure) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case m.state == connecting && how == Cut:
		m.fail(errCut)
	case m.state == connecting:
		m.fail(nil)
	case m.state == listening:
		m.leave(how)
	}
}

// leave is Leave of a listener that was ready. The lock is held.
func (m *Member) leave(how Departure) {
	a := m.audience
	for s := range a.series {
		s.leave(m, how)
	}
	a.leaveRemotes(m, how)
	a.count.Ready--
	a.count.Left++
	if how == Cut {
		a.count.CutOff++
	}
	if m.confirmed.set {
		a.count.Confirmed--
	}
	m.end()
}

// Fail notes that the listener never became ready, because of err. Where this side gave
// up, as when the test is interrupted, err is nil and the listener hasn't failed: it is
// merely no longer connecting. Fail does nothing to a listener that was ready.
func (m *Member) Fail(err error) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.state == connecting {
		m.fail(err)
	}
}

// fail is Fail of a listener that is connecting. The lock is held.
func (m *Member) fail(err error) {
	count := &m.audience.count
	count.Connecting--
	if err != nil {
		count.Failed++
		if count.FirstFailure == nil {
			count.FirstFailure = err
		}
	}
	m.end()
}

// end notes that nothing more comes of the listener. The lock is held.
func (m *Member) end() {
	m.state = gone
	m.others = nil
	m.audience.notify()
}

// maxOrigins bounds the windows of a listener, besides those of accounts that are vouched for, because stamps of ever new processes, or
// forged ones, could otherwise use up the memory.
const maxOrigins = 16

// accept enters a sequence of an origin in the listener's window for it.
func (m *Member) accept(origin, sequence uint32) Outcome {
	if origin == m.audience.origin {
		return m.own.accept(sequence)
	}
	w := m.window(origin)
	o := w.accept(sequence)
	if !o.Duplicate && !o.Late {
		w.firsts++
	}
	return o
}

// windowOf returns the listener's window for a foreign origin, nil if there is none.
func (m *Member) windowOf(origin uint32) *replayWindow {
	for i := range m.others {
		if w := &m.others[i]; w.origin == origin {
			return &w.replayWindow
		}
	}
	return nil
}

// window returns the listener's window for a foreign origin. Of too many, the one from which the
// fewest broadcasts were read is dropped, of several such the oldest: forged origins push
// out each other, and a genuine one only by as many stamps as it has sent itself.
func (m *Member) window(origin uint32) *originWindow {
	least := 0
	for i := range m.others {
		switch w := &m.others[i]; {
		case w.origin == origin:
			return w
		case w.firsts < m.others[least].firsts:
			least = i
		}
	}
	if len(m.others) >= maxOrigins+int(m.audience.remotes.vouched.Load()) {
		m.others = slices.Delete(m.others, least, least+1)
	}
	m.others = append(m.others, originWindow{origin: origin})
	return &m.others[len(m.others)-1]
}

// hasLater reports whether the listener has read a later broadcast of the same series.
// One of another series is no evidence of reordering: two publishers never agreed on
// whose comes first.
func (m *Member) hasLater(b *broadcast) bool {
	for sequence := b.sequence + 1; sequence <= m.own.highest; sequence++ {
		later := m.audience.inFlight.find(sequence)
		if later != nil && later.series == b.series && m.own.has(sequence) {
			return true
		}
	}
	return false
}
