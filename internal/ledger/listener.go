package ledger

import "errors"

// Listener is one connection that listens: a member of one audience, or of several. All its
// methods, those of its members, and Ledger.Deliver to them are called from one goroutine at
// a time, the one that dials or reads its connection.
type Listener struct {
	roster *Roster
	state  state
	first  Member   // without an audience before Join
	more   []Member // for the further audiences; most listeners have none
}

type state uint8

const (
	connecting state = iota
	listening
	gone
	cutOff // gone, because the gateway or the network ended it
)

// Join makes the listener a member of audiences, one for each of its subscriptions. It is
// called once, before the listener can hear anything.
func (l *Listener) Join(audiences ...*Audience) {
	if len(audiences) > 1 {
		l.more = make([]Member, len(audiences)-1)
	}
	for i, a := range audiences {
		m := l.Member(i)
		m.listener, m.audience = l, a
		l.roster.note(a)
	}
}

// Member returns the listener as the member of the audience that it joined as the i-th.
func (l *Listener) Member(i int) *Member {
	if i == 0 {
		return &l.first
	}
	return &l.more[i-1]
}

// members calls f with each.
func (l *Listener) members(f func(*Member)) {
	if l.first.audience == nil {
		return
	}
	f(&l.first)
	for i := range l.more {
		f(&l.more[i])
	}
}

// confirmed reports whether the listener has read a stamp of each of its audiences.
func (l *Listener) confirmed() bool {
	all := l.first.audience != nil
	l.members(func(m *Member) { all = all && m.confirmed.set })
	return all
}

// Ready notes that the gateway has acknowledged the listener, in all its audiences. Where
// there is any of these places in one of them, which may be nil, the listener takes it.
func (l *Listener) Ready(places *Places) {
	if l.state != connecting {
		return
	}
	replaced := 0
	l.members(func(m *Member) {
		taken := places.take(m.audience)
		m.becomeReady(taken)
		replaced = max(replaced, taken)
	})
	places.taken(replaced)
	r := l.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	l.state = listening
	r.count.CutOff = max(r.count.CutOff-replaced, 0)
	r.count.Connecting--
	r.count.Ready++
	if l.confirmed() { // a broadcast overtook the acknowledgement
		r.count.Confirmed++
	}
	r.notify()
}

// markConfirmed notes that a member of a listener has read its first stamp.
func (l *Listener) markConfirmed() {
	if l.state != listening || !l.confirmed() {
		return
	}
	r := l.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count.Confirmed++
	r.notify()
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
func (l *Listener) Leave(how Departure) {
	switch {
	case l.state == connecting && how == Cut:
		l.Fail(errCut)
	case l.state == connecting:
		l.Fail(nil)
	case l.state == listening:
		l.leave(how)
	}
}

// leave is Leave of a listener that was ready.
func (l *Listener) leave(how Departure) {
	confirmed := l.confirmed()
	l.members(func(m *Member) { m.leave(how) })
	r := l.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	l.state = gone
	r.count.Ready--
	r.count.Left++
	if how == Cut {
		r.count.CutOff++
	}
	if confirmed {
		r.count.Confirmed--
	}
	r.notify()
}

// Fail notes that the listener never became ready, because of err. Where this side gave
// up, as when the test is interrupted, err is nil and the listener hasn't failed: it is
// merely no longer connecting. Fail does nothing to a listener that was ready.
func (l *Listener) Fail(err error) {
	if l.state != connecting {
		return
	}
	l.members((*Member).fail)
	r := l.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	l.state = gone
	r.count.Connecting--
	if err != nil {
		r.count.Failed++
		if r.count.FirstFailure == nil {
			r.count.FirstFailure = err
		}
	}
	r.notify()
}
