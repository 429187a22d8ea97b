package ledger

import (
	queue "container/heap"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// world is several processes of one test, with a gateway between them that delays, loses,
// copies and reorders. It knows what really happened.
type world struct {
	t         *testing.T
	random    *rand.Rand
	events    eventQueue
	processes []*worldProcess
	faults    worldFaults
}

// worldFaults are what the gateway does to deliveries of broadcasts.
type worldFaults struct {
	lost, copied       float64 // shares of the deliveries
	slowest            time.Duration
	unheard            func(broadcast int) bool // nobody hears it
	noClosing          bool
	controlsLost       float64
	maxError, settling time.Duration // what the processes know of their clocks; their settle
}

// worldProcess is one process, with its listeners.
type worldProcess struct {
	ledger     *Ledger
	roster     *Roster
	audience   *Audience
	attendance *Attendance
	number     uint16
	listeners  []*worldListener
	sum        Settled // over all rows
	rows       int
	ending     Ending
	duplicates int64
	reordered  int64
}

// worldListener is one listener, and what it has had.
type worldListener struct {
	member      *Member
	ready, left time.Time // zero if it isn't, or hasn't
	had         map[*worldBroadcast]bool
}

// worldBroadcast is one broadcast and what really became of it in each process.
type worldBroadcast struct {
	stamp     stamp.Stamp
	by        *worldProcess
	published time.Time
	retracted bool
	due       map[*worldListener]bool
	latest    map[*worldProcess]time.Time // the latest first copy
}

// event is something that happens at a time.
type event struct {
	at   time.Time
	turn int
	do   func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].turn < q[j].turn
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) } //nolint:forcetypeassert // of a test's own
func (q *eventQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// inWorld runs a test in a world with this many processes, whose clocks differ by these.
func inWorld(t *testing.T, seed uint64, offsets []time.Duration, faults worldFaults, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, random: rand.New(rand.NewPCG(7, seed)), faults: faults}
		for i, offset := range offsets {
			p := &worldProcess{ledger: New(), number: uint16(i + 1)}
			p.ledger.SetClockOffset(offset)
			p.ledger.SetRun(Run{
				ID: 1, Process: p.number, Processes: uint16(len(offsets)), Distributed: true, ClockError: faults.maxError,
			})
			p.audience = p.ledger.Audience(room)
			p.roster = new(Roster)
			p.attendance = p.roster.Attend()
			w.processes = append(w.processes, p)
		}
		f(w)
	})
}

// after has something happen after a while.
func (w *world) after(d time.Duration, do func()) {
	queue.Push(&w.events, event{time.Now().Add(d), len(w.events), do})
}

// run lets everything happen until a time from now, and settles accounts meanwhile.
func (w *world) run(d time.Duration) {
	end := time.Now().Add(d)
	for next := time.Now(); !next.After(end); next = next.Add(lookEvery) {
		for len(w.events) > 0 && !w.events[0].at.After(next) {
			e, _ := queue.Pop(&w.events).(event)
			time.Sleep(time.Until(e.at))
			e.do()
		}
		time.Sleep(time.Until(next))
		for _, p := range w.processes {
			settled, silent := p.attendance.Settle(time.Now())
			p.add(settled)
			require.Empty(w.t, silent)
		}
	}
}

func (p *worldProcess) add(settled []Settled) {
	for _, s := range settled {
		p.rows++
		p.sum.Expected += s.Expected
		p.sum.Received += s.Received
		p.sum.Lost += s.Lost
		p.sum.Cut += s.Cut
		p.sum.Indeterminate += s.Indeterminate
		p.sum.Open += s.Open
		p.sum.Missed += s.Missed
		p.sum.Late += s.Late
		p.sum.Duplicated += s.Duplicated
		p.sum.Reordered += s.Reordered
	}
}

// join has listeners become ready, one after another.
func (w *world) join(p *worldProcess, n int) {
	for range n {
		time.Sleep(time.Microsecond)
		l := &worldListener{member: enterAs(p.roster, p.audience).Member(0), had: make(map[*worldBroadcast]bool)}
		l.member.listener.Ready(nil)
		l.ready = time.Now()
		p.listeners = append(p.listeners, l)
	}
}

// leave ends a listener's connection.
func (w *world) leave(l *worldListener, how Departure) {
	if l.left.IsZero() {
		l.member.listener.Leave(how)
		l.left = time.Now()
	}
}

func (w *world) delay() time.Duration {
	return time.Millisecond + time.Duration(w.random.Int64N(int64(w.faults.slowest)))
}

// answer has every process answer everybody's rolls.
func (w *world) answer() {
	heard := make([]stamp.Heard, len(w.processes))
	for i, p := range w.processes {
		heard[i] = stamp.Heard{Process: p.number, Answer: p.ledger.NextAnswer()}
	}
	time.Sleep(w.delay())
	for _, p := range w.processes {
		for i := range heard {
			heard[i].Arrived = p.ledger.clock.now()
		}
		p.audience.Answered(1, append([]stamp.Heard(nil), heard...))
	}
}

// tell sends a control token to everybody.
func (w *world) tell(from *worldProcess, token stamp.Control) {
	text := []byte(stamp.WriteControl(token, nil))
	for _, p := range w.processes {
		for _, l := range p.listeners {
			if p == from || !l.left.IsZero() || w.random.Float64() < w.faults.controlsLost {
				continue
			}
			w.after(w.delay(), func() {
				if l.left.IsZero() {
					_, err := p.ledger.Control(l.member, text, time.Now())
					require.NoError(w.t, err)
				}
			})
		}
	}
}

// series publishes a series of broadcasts, one each interval, and tells of it. Retract says
// which of them can't be sent.
func (w *world) series(from *worldProcess, n int, interval time.Duration, retract func(i int) bool) []*worldBroadcast {
	run := from.ledger.Run()
	s := from.audience.OpenSeries(n, w.faults.settling)
	w.tell(from, s.Opening(&run))
	broadcasts := make([]*worldBroadcast, n)
	for i := range n {
		broadcasts[i] = &worldBroadcast{by: from}
		w.after(time.Duration(i+1)*interval, func() { w.publish(s, broadcasts[i], i, retract(i)) })
	}
	over := time.Duration(n+1) * interval
	for _, wait := range []time.Duration{0, time.Second, w.faults.settling} {
		if !w.faults.noClosing {
			w.after(over+wait, func() { w.tell(from, s.Closing(&run, true)) })
		}
	}
	w.after(over+2*w.faults.settling+time.Minute, func() { s.Close() })
	return broadcasts
}

// publish publishes one broadcast to all that are there.
func (w *world) publish(s *Series, b *worldBroadcast, i int, retracted bool) {
	late := time.Duration(w.random.Int64N(int64(5 * time.Millisecond)))
	time.Sleep(time.Microsecond)
	b.stamp, b.published, b.retracted = s.Publish(time.Now().Add(-late)), time.Now(), retracted
	b.due, b.latest = make(map[*worldListener]bool), make(map[*worldProcess]time.Time)
	time.Sleep(time.Microsecond)
	if retracted {
		s.Retract(b.stamp)
		run := b.by.ledger.Run()
		w.after(time.Second, func() { w.tell(b.by, s.Closing(&run, false)) })
		return
	}
	for _, p := range w.processes {
		for _, l := range p.listeners {
			if !l.left.IsZero() {
				continue
			}
			b.due[l] = true
			if w.faults.unheard != nil && w.faults.unheard(i) || w.random.Float64() < w.faults.lost {
				continue
			}
			for copies := 1; copies > 0; copies-- {
				if w.random.Float64() < w.faults.copied {
					copies++
				}
				w.after(w.delay(), func() { w.deliver(p, l, b) })
			}
		}
	}
}

// deliver has a listener read a broadcast, if it is still there.
func (w *world) deliver(p *worldProcess, l *worldListener, b *worldBroadcast) {
	if !l.left.IsZero() {
		return
	}
	first := !l.had[b]
	overtaken := false
	for other := range l.had {
		overtaken = overtaken || other.by == b.by && other.stamp.Sequence > b.stamp.Sequence
	}
	d := p.ledger.Deliver(l.member, b.stamp, time.Now())
	if first {
		l.had[b] = true
		b.latest[p] = time.Now()
	}
	require.Equal(w.t, !first, d.Duplicate)
	require.Equal(w.t, first && overtaken, d.Reordered)
	require.False(w.t, d.Late)
	if p != b.by {
		p.duplicates += count(!first)
		p.reordered += count(first && overtaken)
	}
}

func count(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// end ends every listener and every account.
func (w *world) end() {
	for _, p := range w.processes {
		time.Sleep(time.Microsecond)
		for _, l := range p.listeners {
			w.leave(l, Local)
		}
		p.ending = p.attendance.End(time.Now())
		p.add(p.ending.Settled)
	}
}

// truth is what a process's listeners really lost of others' broadcasts, and what they
// received.
func (w *world) truth(p *worldProcess, broadcasts ...*worldBroadcast) (lost, received int64) {
	for _, b := range broadcasts {
		if b.by == p || b.retracted {
			continue
		}
		for _, l := range p.listeners {
			switch {
			case !b.due[l]:
			case l.had[b]:
				received++
			default:
				lost++
			}
		}
	}
	return lost, received
}
