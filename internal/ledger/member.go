package ledger

// Member is one listener of an audience. All its methods are called from the one
// goroutine that reads its connection.
type Member struct {
	audience *Audience
	state    state
	// ready and heard are the last sequence that had been given out when the
	// gateway acknowledged the listener, and when it first heard a stamp: what
	// was sent later, it is expected to hear.
	ready, heard mark
	// own is what the listener remembers of this process's broadcasts to its
	// audience, whatever others send.
	own    window
	others []window
}

type state uint8

const (
	connecting state = iota
	listening
	gone
)

// mark is a sequence that may not have been set yet.
type mark struct {
	set      bool
	sequence uint32
}

func (m mark) before(sequence uint32) bool { return m.set && sequence > m.sequence }

// Ready says that the gateway has acknowledged the listener.
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
	if m.heard.set { // a broadcast overtook the acknowledgement
		a.count.Confirmed++
	}
	a.tell()
}

// hear says that the listener has read a stamp, and so is no deaf one.
func (m *Member) hear() {
	if m.heard.set {
		return
	}
	a := m.audience
	a.mu.Lock()
	defer a.mu.Unlock()
	m.heard = a.mark()
	if m.state == listening {
		a.count.Confirmed++
		a.tell()
	}
}

// Leave says that the listener's connection is no more, or never came about.
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
		for account := range a.open {
			account.leave(m)
		}
		a.count.Ready--
		a.count.Left++
		if m.heard.set {
			a.count.Confirmed--
		}
	}
	m.state = gone
	m.others = nil
	a.tell()
}

// expects says whether the listener was in the broadcast's audience when it was sent.
func (m *Member) expects(b *broadcast) bool {
	return m.state == listening && m.ready.before(b.sequence) && (!b.proven || m.heard.before(b.sequence))
}

// maxOrigins bounds what stamps of ever new processes, or forged ones, can make a
// listener remember.
const maxOrigins = 16

// window returns what the listener remembers of an origin.
func (m *Member) window(origin uint32) *window {
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
	m.others = append(m.others, window{origin: origin})
	return &m.others[len(m.others)-1]
}

// overtook says whether the listener has had a later broadcast of the same account.
// One of another account is no evidence: which of two publishers' comes first was
// never agreed.
func (m *Member) overtook(b *broadcast) bool {
	for s := b.sequence + 1; s <= m.own.highest; s++ {
		later := m.audience.inFlight.find(s)
		if later != nil && later.account == b.account && m.own.bit(s) {
			return true
		}
	}
	return false
}
