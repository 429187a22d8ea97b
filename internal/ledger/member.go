package ledger

import (
	"slices"
	"time"
)

// Member is a listener as one of an audience.
type Member struct {
	listener *Listener
	audience *Audience
	state    state // written under the audience's lock
	// addressed: the audience has, or had, an address of it. Under the audience's lock.
	addressed bool
	// ready and confirmed mark the latest broadcast when the gateway acknowledged the
	// listener, and when the member first read a stamp. Later broadcasts are due to it.
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

// Audience returns the audience that it is a member of.
func (m *Member) Audience() *Audience { return m.audience }

// mark is a place in the sequence of broadcasts, once it is set.
type mark struct {
	set      bool
	sequence uint32
}

func (m mark) before(sequence uint32) bool { return m.set && sequence > m.sequence }

// becomeReady notes that the gateway has acknowledged the listener, and that so many members
// that were cut off are replaced. No broadcast can come between the two, and be due to the
// one and missed by the other.
func (m *Member) becomeReady(replaced int) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	m.state = listening
	m.ready = a.mark()
	remotes := a.openRemotes()
	m.readyAt = remotes.ready.join(instantOf(time.Now()))
	a.cutOff = max(a.cutOff-replaced, 0)
	a.ready++
	if m.confirmed.set { // a broadcast overtook the acknowledgement
		a.confirmed++
		m.confirmedAt = remotes.confirmed.join(m.readyAt)
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

// markConfirmed notes that the member has read a stamp, and so isn't deaf.
func (m *Member) markConfirmed() {
	if m.confirmed.set {
		return
	}
	a := m.audience
	a.mu.Lock()
	m.confirmed = a.mark()
	if m.state == listening {
		a.confirmed++
		m.confirmedAt = a.openRemotes().confirmed.join(instantOf(time.Now()))
		a.notify()
	}
	a.mu.Unlock()
	m.listener.markConfirmed()
}

// leave notes that a listener that was ready has left.
func (m *Member) leave(how Departure) {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.series {
		s.leave(m, how)
	}
	a.leaveRemotes(m, how)
	a.ready--
	if m.confirmed.set {
		a.confirmed--
	}
	m.state = gone
	if how == Cut {
		m.state = cutOff
		a.cutOff++
	}
	m.others = nil
	a.notify()
}

// fail notes that the listener never became ready.
func (m *Member) fail() {
	m.audience.mu.Lock()
	defer m.audience.mu.Unlock()
	m.state = gone
	m.others = nil
}

// maxOrigins bounds the windows of a listener, besides those of origins that a token vouches
// for, because stamps of ever new processes, or forged ones, could otherwise use up the
// memory.
const maxOrigins = 16

func (m *Member) maxOrigins() int {
	if remotes := m.audience.remotes.Load(); remotes != nil {
		return maxOrigins + int(remotes.vouched.Load())
	}
	return maxOrigins
}

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
	if len(m.others) >= m.maxOrigins() {
		m.others = slices.Delete(m.others, least, least+1)
	}
	m.others = append(m.others, originWindow{origin: origin})
	return &m.others[len(m.others)-1]
}

// hasLater reports whether the listener has read a later broadcast of the same series.
// One of another series is no evidence of reordering: two publishers never agreed on
// whose comes first. What is later than a broadcast that isn't closed is never forgotten.
func (m *Member) hasLater(b *broadcast) bool {
	for sequence := b.sequence + 1; sequence <= m.own.highest; sequence++ {
		later := m.audience.inFlight.find(sequence)
		if later != nil && later.series == b.series && m.own.has(sequence) {
			return true
		}
	}
	return false
}
