package ledger

import (
	"maps"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// openingFloor is what an opening tells of the broadcasts from a sequence on: they were
// published no earlier than floor, or than from by the publisher's clock.
type openingFloor struct {
	first       uint32
	floor, from instant
}

// maxSettle bounds the settle that another process may ask for.
const maxSettle = time.Hour

// maxOpenings is how many openings of an account are remembered, the latest, and
// maxControls how many tokens of an audience.
const (
	maxOpenings = 16
	maxControls = 256
)

// Control enters that a listener has read a control token, at that time. It returns what
// the token says if it is of this run and nobody here has read it before; openings and
// closings it enters in the accounts itself. The error says that the token isn't genuine.
func (l *Ledger) Control(m *Member, text []byte, arrived time.Time) (stamp.Control, error) {
	a := m.audience
	if a.knowsControl(text) {
		m.markConfirmed()
		return nil, nil //nolint:nilnil // a copy says nothing, and is no error
	}
	run := l.Run()
	control, err := stamp.ReadControl(text, run.Secret)
	if err != nil {
		return nil, err
	}
	m.markConfirmed()
	if !a.noteControl(string(text)) {
		return nil, nil //nolint:nilnil // as above
	}
	at := instantOf(arrived)
	switch c := control.(type) {
	case *stamp.Roll:
		l.hearRoll(a, c, &run, at)
	case *stamp.Withdrawal:
		l.hearWithdrawal(a, c, &run, at)
	case *stamp.Opening:
		l.hearOpening(a, c, &run, at)
	case *stamp.Closing:
		l.hearClosing(a, c, &run, at)
	}
	return control, nil
}

// knowsControl reports whether a token was read before, by anybody.
func (a *Audience) knowsControl(text []byte) bool {
	remotes := a.remotes.Load()
	if remotes == nil || remotes.controls.Load() == nil {
		return false
	}
	_, known := (*remotes.controls.Load())[string(text)]
	return known
}

// noteControl notes that a token was read, and reports whether it is the first of its
// copies.
func (a *Audience) noteControl(text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	remotes := a.openRemotes()
	seen := make(map[string]struct{})
	if old := remotes.controls.Load(); old != nil {
		if _, known := (*old)[text]; known {
			return false
		}
		if len(*old) < maxControls { // else they are forgotten; reading one again does no harm
			seen = maps.Clone(*old)
		}
	}
	seen[text] = struct{}{}
	remotes.controls.Store(&seen)
	return true
}

// named returns the account of an origin that a token of a run names; nil if the origin is
// this process's, another run's, or there is no room for it. The audience's lock is held.
func (l *Ledger) named(a *Audience, origin, run uint32, ours *Run) *account {
	if l.audienceOf(origin) != nil {
		return nil
	}
	if run != ours.ID {
		if c := a.remote(origin); c != nil {
			c.foreign = true
		}
		return nil
	}
	return a.openAccount(origin, true)
}

// hearRoll notes that another process asks who is there, before it broadcasts. That bounds its
// clock, also if what it broadcasts is slow.
func (l *Ledger) hearRoll(a *Audience, r *stamp.Roll, run *Run, at instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := l.named(a, r.Asker, r.Run, run); c != nil {
		c.clock.arrived(instantOf(r.Sent), at)
		c.publisher.asks(r.Number)
		c.publisher.says(at)
	}
}

// hearWithdrawal notes that another process has given up asking.
func (l *Ledger) hearWithdrawal(a *Audience, w *stamp.Withdrawal, run *Run, at instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := l.named(a, w.Asker, w.Run, run); c != nil {
		c.publisher.withdraws(w.Roll, at)
	}
}

// hearOpening notes that a series of another process is about to begin.
func (l *Ledger) hearOpening(a *Audience, o *stamp.Opening, run *Run, at instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := l.named(a, o.Origin, o.Run, run)
	if c == nil || o.First == 0 {
		return
	}
	if o.Series > c.opened { // each listener hears it
		c.opened, c.planned = o.Series, c.planned+int64(o.Planned)
	}
	c.publisher.opens()
	c.publisher.says(at)
	if o.Planned == 0 {
		c.endless = max(c.endless, o.Series)
	}
	c.reported, c.settle, c.confirmed = false, min(o.Settle, maxSettle), o.Confirmed
	c.clock.arrived(instantOf(o.Sent), at)
	if o.ClockError > 0 && run.ClockError > 0 {
		c.clock.trust(o.ClockError + run.ClockError)
	}
	floor := openingFloor{first: o.First, floor: at.plus(-c.settle), from: instantOf(o.Sent)}
	for _, h := range o.Heard {
		if sent, known := l.answers.sentAt(h.Answer); known && h.Process == run.Process {
			c.clock.reached(sent, instantOf(h.Arrived))
			floor.floor = max(floor.floor, sent)
		}
	}
	c.openings = append(c.openings[max(0, len(c.openings)-maxOpenings+1):], floor)
	c.raiseFloors(o.First, floor.floor, floor.from)
	before := longAgo
	if !o.Previous.IsZero() {
		_, before = c.clock.here(farAhead, instantOf(o.Previous))
	}
	c.begin(o.First, before)
	c.beginEarlier(o.First, before, at)
	if planned := uint64(o.First) - 1 + uint64(o.Planned); o.First > c.asOf && planned > uint64(c.end) {
		c.end = uint32(min(planned, 1<<32-1))
	}
}

// hearClosing notes how far a series of another process has come.
func (l *Ledger) hearClosing(a *Audience, k *stamp.Closing, run *Run, at instant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := l.named(a, k.Origin, k.Run, run)
	if c == nil || k.First == 0 {
		return
	}
	c.publisher.says(at)
	c.opened = max(c.opened, k.Series)
	if k.Final && k.Series > c.ended {
		c.ended = k.Series
		a.play().end()
	}
	c.reported, c.settle = false, min(k.Settle, maxSettle)
	c.clock.arrived(instantOf(k.Sent), at)
	c.retracted.learn(k)
	if !k.FirstPublished.IsZero() {
		from, before := c.clock.here(instantOf(k.FirstPublished), instantOf(k.FirstPublished))
		c.begin(k.First, before)
		c.beginEarlier(k.First, before, at)
		c.raiseFloors(k.First, from, longAgo)
	}
	if !c.begun || c.broken || !c.extend(k.Last, at) {
		return
	}
	published := instantOf(k.LastPublished)
	c.order(at, k.Last, published, published)
	if k.Last >= c.asOf {
		c.asOf, c.end = k.Last, k.End
	}
}
