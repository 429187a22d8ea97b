package pushgw

import (
	"context"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/rollcall"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
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
	if !c.client.module.process.ledger.Run().Distributed {
		return nil
	}
	return c.answerRollsIn(c.client.backend.readBroadcast(readOptions(nil, "")))
}

// answerRollsIn has the call answer rolls in a message, from begin on. It returns nil unless
// the test is distributed.
func (c *call) answerRollsIn(m *message) *answering {
	if !c.client.module.process.ledger.Run().Distributed {
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
	process := c.client.module.process
	if to == nil {
		to = c.hears
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
			a.hear(t, to, process.ledger.Date(arrived))
		}
	}
}

// hear answers a roll, unless it was answered before.
func (a *answering) hear(r *stamp.Roll, to *ledger.Audience, arrived time.Time) {
	if err := a.call.client.backend.checkPublish("ready() of another process", a.message); err != nil {
		a.call.warnOnce(true, "can't answer", "%v, so this process can't answer: the other one will wait in vain", err)
		return
	}
	answers := &a.call.client.module.process.rollcalls.to(to).answers
	wait, ok := answers.Begin(r, time.Now())
	if !ok {
		return
	}
	a.running.Go(func() {
		defer recoverPanic()
		sent, coming := a.answer(&stamp.Present{Asker: r.Asker, Roll: r.Number, RollSent: r.Sent, RollArrived: arrived}, to, answers, wait)
		if coming {
			a.followUp(r, to, answers, sent)
		}
	})
}

// followUp answers once more when no listeners are coming any more, unless another answer
// has said so meanwhile.
func (a *answering) followUp(r *stamp.Roll, to *ledger.Audience, answers *rollcall.Answers, sent uint64) {
	for {
		count, changed, _ := standing(a.call.client.roster(), to)
		if countOf(&count).Coming == 0 {
			break
		}
		select {
		case <-changed:
		case <-a.ctx.Done():
			return
		}
	}
	if !answers.Latest(sent) {
		return
	}
	if wait, ok := answers.Volunteer(time.Now()); ok {
		a.answer(&stamp.Present{Asker: r.Asker, Roll: r.Number}, to, answers, wait)
	}
}

// answer counts the listeners of an audience after a while, and sends what they come to. It
// returns which of the process's answers that was, and whether listeners are still coming;
// zero if it could not be sent.
func (a *answering) answer(p *stamp.Present, to *ledger.Audience, answers *rollcall.Answers, wait time.Duration) (sent uint64, coming bool) {
	counted := false
	defer func() {
		if !counted {
			answers.Drop()
		}
	}()
	if sleep.For(a.ctx, wait) != nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(a.ctx, a.call.client.settings.timeout)
	defer cancel()
	host := a.hostCall(to)
	defer host.startTicking(nil)()
	b, err := host.client.backend.broadcaster(ctx, host, a.message, to.Name().Key)
	if err != nil {
		a.failed(ctx, err)
		return 0, false
	}
	defer b.Close()
	counted, sent = true, answers.Count(time.Now())
	coming = a.fill(p, to)
	secret := host.client.module.process.ledger.Run().Secret
	if err := b.Send(ctx, stamp.WriteControl(p, secret)); err != nil {
		a.failed(ctx, err)
		return 0, false
	}
	return sent, coming
}

// fill completes an answer with how the listeners of this moment stand. They are counted
// before the answer is numbered, so whoever is counted was ready before it.
func (a *answering) fill(p *stamp.Present, to *ledger.Audience) (coming bool) {
	l := a.call.client.module.process.ledger
	run := l.Run()
	current, _, _ := standing(a.call.client.roster(), to)
	count := countOf(&current)
	p.Run, p.Process, p.Processes = run.ID, run.Process, run.Processes
	count.EnterIn(p)
	p.Answer, p.Sent = l.NextAnswer(), l.Date(time.Now())
	return count.Coming > 0
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

// whenHopeless are the pauses before a process says by itself that its listeners have all
// failed: it can't hear any roll.
var whenHopeless = [...]time.Duration{0, time.Second, 2 * time.Second}

// tellFailure tells other processes if no listener of this process is left that could hear
// them ask, because all have failed.
func (a *answering) tellFailure() {
	if a == nil {
		return
	}
	to := a.call.hears
	if to == nil || a.call.client.backend.checkPublish("", a.message) != nil {
		return
	}
	answers := &a.call.client.module.process.rollcalls.to(to).answers
	for _, pause := range whenHopeless {
		count, _, _ := standing(a.call.client.roster(), to)
		if count.Failed == 0 || count.Left > 0 || count.Ready+count.Connecting+count.Planned > 0 || sleep.For(a.ctx, pause) != nil {
			return
		}
		wait, ok := answers.Volunteer(time.Now())
		if !ok {
			return // another call does it
		}
		a.answer(&stamp.Present{}, to, answers, wait)
	}
}

// hostCall is a call for a connection, or requests, of its own: what is sent to an audience,
// with the credentials of the VU.
func (a *answering) hostCall(to *ledger.Audience) *call {
	c := a.call
	host := &call{client: c.client, state: c.state, hears: to, who: a.who}
	host.becomeHost(to.Name().Key)
	host.recorder = telemetry.NewRecorder(c.state, &c.client.module.process.telemetry, c.client.module.metrics, c.client.backend.tag(), host.who.role)
	return host
}

// becomeHost makes the call's connection one that sends to the audience with this key.
func (c *call) becomeHost(key string) {
	vu := c.who.vu
	c.who = c.client.backend.host(key)
	c.who.vu = vu
}
