// Package fault makes things go wrong in the local gateway on purpose.
//
// Every delivery of a broadcast goes through Deliver, which decides at the
// moment of writing whether it is written, late, twice, or not at all, and
// counts what became of it when that is certain. So the gateway's account stays
// exact under any combination of faults.
package fault

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Faults are the faults of one gateway process. They must be closed.
type Faults struct {
	plan     atomic.Pointer[plan]
	attempts atomic.Uint64 // upgrades that were asked for
	events   atomic.Uint64 // published to AppSync Events
	messages atomic.Uint64 // that came from API Gateway's clients
	later    [timetables]*timetable
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// timetables is how many timetables there are. Each connection belongs to one of
// them, so that its delayed deliveries keep their order.
const timetables = 4

// New starts with the given settings.
func New(s Settings) *Faults {
	ctx, stop := context.WithCancel(context.Background())
	f := &Faults{stop: stop}
	f.Set(s)
	for i := range f.later {
		t := newTimetable()
		f.later[i] = t
		f.running.Go(func() { t.run(ctx) })
	}
	return f
}

// Close ends the timetables. What they have not done by then is never done.
func (f *Faults) Close() {
	f.stop()
	f.running.Wait()
}

// Set replaces the settings. The counts for every n-th start from zero.
func (f *Faults) Set(s Settings) {
	if s.Seed == 0 {
		s.Seed = uint64(rand.Uint32()) + 1 // no secret, and short enough to be typed
	}
	f.plan.Store(newPlan(s))
}

// Settings returns the faults that hold now.
func (f *Faults) Settings() Settings { return f.plan.Load().Settings }

// Refuse returns the status with which an upgrade is to be refused, or 0.
func (f *Faults) Refuse() (status int) {
	p := f.plan.Load()
	if p.pace != nil && !p.pace.Allow() {
		return http.StatusTooManyRequests
	}
	if p.hits(refusing, p.Refuse.Rate, f.attempts.Add(1), 0) {
		return p.Refuse.Status
	}
	return 0
}

// Reject returns what the error frame says with which a message is to be answered, or "".
func (f *Faults) Reject() (message string) {
	p := f.plan.Load()
	if p.hits(rejecting, p.Settings.Reject.Rate, f.messages.Add(1), 0) {
		return p.Settings.Reject.Message
	}
	return ""
}

// SlowTLS returns how much longer a TLS handshake takes.
func (f *Faults) SlowTLS() time.Duration { return time.Duration(f.plan.Load().SlowTLS) }

// StopKeepAlive reports whether no ka is sent.
func (f *Faults) StopKeepAlive() bool { return f.plan.Load().StopKeepAlive }

// Deliver writes a broadcast's body to a listener, or does to it what the faults
// demand. It may do so after it has returned. The error is socket.ErrFull if the
// listener's client reads too slowly, so that the broadcast was dropped at once.
func (f *Faults) Deliver(l *Listener, b *truth.Broadcast, body []byte) error {
	d := delivery{broadcast: b, body: body}
	if wait := f.plan.Load().delay(b.Number, l.Number); wait > 0 {
		f.timetable(l).after(wait, func() { _ = f.settle(l, d) })
		return nil
	}
	return f.settle(l, d)
}

func (f *Faults) timetable(l *Listener) *timetable { return f.later[l.Number%timetables] }

// Ready must be called when a listener has joined or subscribed: the time for
// which it may be deaf begins, and the time after which it may be cut.
func (f *Faults) Ready(l *Listener) {
	p := f.plan.Load()
	l.setReady()
	if p.hits(cutting, p.Unstable.Share, l.Number, 0) {
		within := float64(p.Unstable.Within) * p.random(cutting, l.Number, 1)
		f.timetable(l).soon(time.Duration(within), l.Out.Cut)
	}
}
