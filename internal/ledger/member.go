package ledger

// Member is one listener of an audience. All its methods, and Ledger.Deliver to it, are
// called from the one goroutine that reads its connection.
type Member struct {
	audience *Audience
	state    state
	// ready and confirmed mark the latest broadcast when the gateway acknowledged the
	// listener, and when the listener first read a stamp. Later broadcasts are due to it.
	ready, confirmed mark
	// own is for the broadcasts of its own audience in this process, others for those of
	// every other origin, so that these can't crowd it out.
	own    replayWindow
	others []replayWindow
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
func (m *Member) Ready() {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.state != connecting {
		return
	}
	m.state = listening
	m.ready = a.mark()
	a.count.Connecting--
	a.count.Ready++
	if m.confirmed.set { // a broadcast overtook the acknowledgement
		a.count.Confirmed++
	}
	a.notify()
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
		a.notify()
	}
}

// Leave notes that the listener's connection has ended, or was never made.
func (m *Member) Leave() {
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	switch m.state {
	case gone:
		return
	case connecting:
		a.count.Connecting--
		a.count.Failed++
	case listening:
		for s := range a.series {
			s.leave(m)
		}
		a.count.Ready--
		a.count.Left++
		if m.confirmed.set {
			a.count.Confirmed--
		}
	}
	m.state = gone
	m.others = nil
	a.notify()
}

// maxOrigins bounds the windows of a listener, because stamps of ever new processes, or
// forged ones, could otherwise use up the memory.
const maxOrigins = 16

// window returns the listener's window for an origin. Of too many, the oldest is dropped.
func (m *Member) window(origin uint32) *replayWindow {
	if origin == m.audience.origin {
		return &m.own
	}
	for i := range m.others {
		if m.others[i].origin == origin {
			return &m.others[i]
		}
	}
	if len(m.others) == maxOrigins {
		m.others = append(m.others[:0], m.others[1:]...)
	}
	m.others = append(m.others, replayWindow{origin: origin})
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
