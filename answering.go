package pushgw

import (
	"context"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/rollcall"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// answering is how a call answers the rolls that its connections hear. A process answers
// each once, by whichever call hears it first.
type answering struct {
	call    *call
	ctx     context.Context //nolint:containedctx // that of the call, which the answers don't outlive
	message *message
	who     identity // its VU; the call's own changes as it opens connections
	running sync.WaitGroup
}

// answerRolls has the call answer rolls in the client's usual message.
func (c *call) answerRolls() *answering {
	if !c.isDistributed() {
		return nil
	}
	return c.answerRollsIn(c.client.backend.readBroadcast(readOptions(nil, "")))
}

// answerRollsIn has the call answer rolls in a message, from begin on. It returns nil unless
// the test is distributed.
func (c *call) answerRollsIn(m *message) *answering {
	if !c.isDistributed() {
		return nil
	}
	return &answering{call: c, message: m, who: identity{vu: c.who.vu}}
}

// begin has rolls answered until stop is called. That has to be when the call's connections
// have ended, and before the callback that holds the iteration open is answered.
func (a *answering) begin(ctx context.Context) (stop func()) {
	if a == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	a.ctx = ctx
	a.call.answering.Store(a)
	return func() {
		cancel()
		a.running.Wait()
	}
}

// heard takes in what another process tells. Connections that are no listeners don't say
// to which audience; they hear what the call is about.
func (c *call) heard(token stamp.Control, to *ledger.Audience, arrived time.Time) {
	process := c.process()
	if to == nil {
		to = c.hears
		if echoing := c.echoes.Load(); echoing != nil {
			echoing.echo(token)
		}
	}
	if to == nil {
		return
	}
	switch t := token.(type) {
	case *stamp.Present:
		process.rollcalls.answered(to, t, process.ledger.Date(arrived))
	case *stamp.Roll:
		run := process.ledger.Run()
		if a := c.answering.Load(); a != nil && t.Run == run.ID && t.Asker != to.Origin() {
			a.hear(t, process.rollcalls.to(to), process.ledger.Date(arrived))
		}
	case *stamp.Opening:
		process.rollcalls.to(to).answers.Over(t.Origin)
	case *stamp.Withdrawal:
		process.rollcalls.to(to).answers.Over(t.Asker)
		c.warnOnce(t.Run == process.ledger.Run().ID && t.Asker != to.Origin(), "withdrawal", "another process's ready() has ended without success: "+
			"unless a process calls it again or broadcasts, listeners with until: 'broadcast' leave")
	}
}

// hear answers a roll, unless it was answered before.
func (a *answering) hear(r *stamp.Roll, to *rollcallAudience, arrived time.Time) {
	if err := a.call.client.backend.checkPublish("ready() of another process", a.message); err != nil {
		a.call.warnOnce(true, "can't answer", "%v, so this process can't answer: the other one will wait in vain", err)
		return
	}
	wait, ok := to.answers.Begin(r, time.Now())
	if !ok {
		return
	}
	a.running.Go(func() {
		defer recoverPanic()
		a.answerTwice(&stamp.Present{Asker: r.Asker, Roll: r.Number, RollSent: r.Sent, RollArrived: arrived}, to, wait)
	})
}

// answerTwice answers, and if listeners are coming once more when none are any longer, unless
// another answer follows meanwhile, which is then repeated in its place.
func (a *answering) answerTwice(p *stamp.Present, to *rollcallAudience, wait time.Duration) {
	superseded, coming := a.answer(a.ctx, p, to, wait)
	if !coming || !a.await(superseded, to, func(c rollcall.Count) bool { return c.Coming == 0 }) || !to.answers.Latest(superseded) {
		return
	}
	if wait, ok := to.answers.Volunteer(time.Now()); ok {
		a.answer(a.ctx, &stamp.Present{Asker: p.Asker, Roll: p.Roll}, to, wait)
	}
}

// watch returns how the listeners of an audience stand, and two channels of which either tells
// when that changes.
func (a *answering) watch(to *rollcallAudience) (count ledger.Count, changed, also <-chan struct{}) {
	return standing(a.call.client.roster(), to.audience)
}

// await waits until the count of the listeners is as it should be, and reports whether it is. It
// doesn't wait any longer when the channel is closed; a nil one never is.
func (a *answering) await(stop <-chan struct{}, to *rollcallAudience, isSo func(rollcall.Count) bool) bool {
	for {
		count, changed, also := a.watch(to)
		if isSo(countOf(&count)) {
			return true
		}
		select {
		case <-changed:
		case <-also:
		case <-stop:
			return false
		case <-a.ctx.Done():
			return false
		}
	}
}

// answer counts the listeners of an audience after a while, and sends what they come to. It
// returns whether listeners are still coming, and a channel that is closed when the process
// counts them for its next answer; nil and false if it could not be sent.
func (a *answering) answer(
	ctx context.Context, p *stamp.Present, to *rollcallAudience, wait time.Duration,
) (superseded <-chan struct{}, coming bool) {
	counted := false
	defer func() {
		if !counted {
			to.answers.Drop()
		}
	}()
	if sleep.For(ctx, wait) != nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, a.call.client.settings.timeout)
	defer cancel()
	host := a.hostCall(to.audience)
	defer host.startTicking(nil)()
	b, err := host.client.backend.broadcaster(ctx, host, a.message, to.audience.Name().Key)
	if err != nil {
		a.failed(ctx, err)
		return nil, false
	}
	defer b.Close()
	counted, superseded = true, to.answers.Count(time.Now())
	count := a.fill(p, to)
	to.answers.Say(count)
	if err := b.Send(ctx, stamp.WriteControl(p, host.process().ledger.Run().Secret)); err != nil {
		a.failed(ctx, err)
		return nil, false
	}
	return superseded, count.Coming > 0
}

// fill completes an answer with how the listeners of this moment stand. They are counted
// before the answer is numbered, so whoever is counted was ready before it.
func (a *answering) fill(p *stamp.Present, to *rollcallAudience) rollcall.Count {
	l := a.call.process().ledger
	run := l.Run()
	current, _, _ := a.watch(to)
	count := countOf(&current)
	p.Run, p.Process, p.Processes = run.ID, run.Process, run.Processes
	count.EnterIn(p)
	p.Answer, p.Sent = l.NextAnswer(), l.Date(time.Now())
	return count
}

// failed notes that an answer could not be sent.
func (a *answering) failed(ctx context.Context, err error) {
	if a.ctx.Err() != nil {
		return
	}
	if ctx.Err() == nil {
		a.call.recorder.RequestFailed(err)
	}
	a.call.warnOnce(true, "answer", "another process's ready() can't be answered: %v", err)
}

// whenNobody are the pauses before a process says by itself that it has no listeners: it
// can't hear any roll.
var whenNobody = [...]time.Duration{0, time.Second, 2 * time.Second}

// tellNobody tells other processes if no listener of this process is left that could hear
// them ask: all have failed, or all have left while somebody waits for them. Because those who
// left may be followed by others, that is told twice only.
func (a *answering) tellNobody() {
	to := a.addressee()
	if to == nil {
		return
	}
	ctx, cancel := outliving(a.ctx)
	defer cancel()
	for i, pause := range whenNobody {
		count, _, _ := a.watch(to)
		switch {
		case count.Ready+count.Connecting+count.Planned > 0, count.Failed+count.Left == 0:
			return
		case count.Left > 0 && (i > 1 || !to.answers.Asked()):
			return
		case pause > 0 && sleep.For(a.ctx, pause) != nil: // the first is said even if the iteration was stopped
			return
		}
		wait, ok := to.answers.Volunteer(time.Now())
		if !ok {
			return // another call does it
		}
		a.answer(ctx, &stamp.Present{}, to, wait)
	}
}

// tellSomebody tells other processes that there are listeners once more, or will be, if the
// latest that they were told is that there are none.
func (a *answering) tellSomebody() {
	to := a.addressee()
	if to == nil || !to.answers.SaidNobody() {
		return
	}
	a.running.Go(func() {
		defer recoverPanic()
		if !a.await(nil, to, func(c rollcall.Count) bool { return c.Coming+c.Ready > 0 }) {
			return
		}
		if wait, ok := to.answers.Volunteer(time.Now()); ok {
			a.answerTwice(&stamp.Present{}, to, wait)
		}
	})
}

// addressee returns to whom this process tells something that nobody has asked for; nil if it
// can't.
func (a *answering) addressee() *rollcallAudience {
	if a == nil || a.call.hears == nil || a.call.client.backend.checkPublish("", a.message) != nil {
		return nil
	}
	return a.call.process().rollcalls.to(a.call.hears)
}

// hostCall is a call for a connection, or requests, of its own: what is sent to an audience,
// with the credentials of the VU.
func (a *answering) hostCall(to *ledger.Audience) *call {
	c := a.call
	host := &call{client: c.client, state: c.state, hears: to, who: a.who}
	host.becomeHost(to.Name().Key)
	host.recorder = c.client.newRecorder(c.state, host.who.role)
	return host
}

// becomeHost makes the call's connection one that sends to the audience with this key.
func (c *call) becomeHost(key string) {
	vu := c.who.vu
	c.who = c.client.backend.host(key)
	c.who.vu = vu
}
