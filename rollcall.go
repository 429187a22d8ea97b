package pushgw

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/rollcall"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// rollCall is a barrier for all processes of a test: it asks them through the gateway. See
// package rollcall.
type rollCall struct {
	*barrier
	call *call
	to   *ledger.Audience
	run  ledger.Run

	broadcaster broadcaster
	ear         *hostConn // hears the answers, where the broadcaster's connection doesn't; else nil
	hangUp      func()    // ends the connections; nil before there are any
	canaries    int       // how many were sent

	mu      sync.Mutex
	state   *rollcall.Call
	changed chan struct{} // has one element if an answer was heard
}

// askedAudience returns the audience in which the processes of a test are asked. It throws
// why they can't be, if they can't.
func (b *barrier) askedAudience() *ledger.Audience {
	client := b.client
	if err := client.backend.checkPublish("ready() in a test of several processes", b.message); err != nil {
		client.module.throw(err)
	}
	if err := client.backend.checkListen(); err != nil {
		client.module.throw(scriptErrorf(nameUsageError, "ready() in a test of several processes hears their answers as a listener: %w", err))
	}
	if b.audience != nil {
		return b.audience
	}
	first := client.backend.heard()[0].audience // each listener hears it, if it is constant
	if !first.constant() {
		client.module.throw(scriptErrorf(nameUsageError, "ready() in a test of several processes asks them in one audience: "+
			"option \"audience\" is missing, because the client's listeners are not all of one"))
	}
	return client.audience(first.text)
}

// awaitAll waits until the listeners of all processes are as many as the barrier wants.
func (b *barrier) awaitAll(ctx context.Context, c *call) (any, error) {
	r := &rollCall{barrier: b, call: c, to: c.hears, run: c.process().ledger.Run(), changed: make(chan struct{}, 1)}
	r.state = rollcall.New(r.config(), time.Now())
	remove := c.process().rollcalls.add(r)
	defer remove()
	defer r.close()
	result, err := r.callRolls(ctx)
	if last := remove(); err != nil && last {
		r.withdraw(ctx)
	}
	return result, err
}

// callRolls calls rolls until the answers are as the barrier wants, or can't become so any more.
func (r *rollCall) callRolls(ctx context.Context) (any, error) {
	if err := r.open(ctx); err != nil {
		if ctx.Err() != nil {
			return r.overdue(ctx)
		}
		return nil, err
	}
	for {
		own, changed, also := r.watch()
		if ctx.Err() != nil {
			return r.overdue(ctx)
		}
		s, next, over, err := r.judge(ctx, &own)
		if over {
			return r.result(ctx, &s, err)
		}
		select {
		case <-changed:
		case <-also:
		case <-r.changed:
		case <-time.After(time.Until(next)):
		case <-r.ended():
			if ctx.Err() != nil {
				continue // which is why
			}
			return nil, scriptErrorf(nameClosedError, "ready(): the connection that asks the other processes was closed")
		case <-ctx.Done():
		}
	}
}

// overdue is the result when the context has ended.
func (r *rollCall) overdue(ctx context.Context) (any, error) {
	r.mu.Lock()
	s := r.state.Standing()
	r.mu.Unlock()
	return r.result(ctx, &s, r.timeoutError(ctx, &s))
}

// config is what the roll call waits for.
func (r *rollCall) config() rollcall.Config {
	last := &r.call.process().rollcalls.last
	count, _, _ := r.watch()
	return rollcall.Config{
		Run: r.run.ID, Process: r.run.Process, Processes: r.run.Processes, Asker: r.to.Origin(),
		Needed: r.neededOf(r.listeners), Share: r.needed(count.LargestGroup), Confirmed: r.canary,
		Number: func() uint32 { return last.Add(1) }, Random: rand.Float64,
	}
}

// open opens what asks, and what hears the answers. The connections outlive the context, so
// that a withdrawal can be sent.
func (r *rollCall) open(ctx context.Context) (err error) {
	opening := ctx
	ctx, r.hangUp = context.WithCancel(context.WithoutCancel(ctx))
	defer context.AfterFunc(opening, r.hangUp)()
	key := r.to.Name().Key
	r.call.becomeHost(key)
	if r.call.client.backend.needsEar() {
		who := r.call.who
		r.call.who.hears = true
		r.ear, err = openHost(ctx, r.call, nil)
		r.call.who = who
		if err != nil {
			return err
		}
	}
	r.broadcaster, err = r.call.client.backend.broadcaster(ctx, r.call, r.message, key)
	return err
}

func (r *rollCall) close() {
	if r.broadcaster != nil {
		r.broadcaster.Close()
	}
	if r.ear != nil {
		r.ear.Close()
	}
	if r.hangUp != nil {
		r.hangUp()
	}
}

// withdraw tells the other processes that nobody asks any more, so that their listeners don't
// wait for broadcasts.
func (r *rollCall) withdraw(ctx context.Context) {
	if r.state.Last() == 0 {
		return
	}
	ctx, cancel := outliving(ctx)
	defer cancel()
	latest := r.call.process().rollcalls.last.Load() // another barrier's, perhaps, that was given up before
	_ = r.broadcaster.Send(ctx, stamp.WriteControl(&stamp.Withdrawal{Run: r.run.ID, Asker: r.to.Origin(), Roll: latest}, r.run.Secret))
}

// ended returns a channel that is closed when answers can't be heard any more.
func (r *rollCall) ended() <-chan struct{} {
	if r.ear != nil {
		return r.ear.conn.Done()
	}
	return r.broadcaster.Ended()
}

// hear takes in an answer.
func (r *rollCall) hear(p *stamp.Present, arrived time.Time) {
	r.mu.Lock()
	r.state.Hear(p, arrived, time.Now())
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// judge does what is due. It returns how all listeners stand, and when to come back at the
// latest, unless it is over: because the barrier is fulfilled, or of an error.
func (r *rollCall) judge(ctx context.Context, own *ledger.Count) (s rollcall.Standing, next time.Time, over bool, err error) {
	now := time.Now()
	r.mu.Lock()
	r.state.SetOwn(countOf(own), now)
	s = r.state.Standing()
	switch {
	case r.state.Complete():
		r.to.Answered(r.state.Last(), r.state.Heard())
		over = true
	case r.state.OutOfReach(now):
		over, err = true, r.unreachableError(&s, own)
	}
	due := !over && r.state.Due(now)
	next = r.state.Next()
	r.mu.Unlock()
	if !due {
		return s, next, over, err
	}
	err = r.ask(ctx)
	return s, time.Now(), err != nil, err
}

// ask calls the roll. Where listeners are to hear something first, there is a canary before
// it.
func (r *rollCall) ask(ctx context.Context) error {
	if r.canary {
		if err := r.send(ctx, r.to.Canary().String()); err != nil {
			return err
		}
		r.canaries++
	}
	r.mu.Lock()
	now := time.Now()
	roll := r.state.Roll(now, r.call.process().ledger.Date(now))
	r.mu.Unlock()
	return r.send(ctx, stamp.WriteControl(roll, r.run.Secret))
}

// send sends one token. Once the context ends, what fails does so because of that.
func (r *rollCall) send(ctx context.Context, token string) error {
	err := r.broadcaster.Send(ctx, token)
	switch {
	case err == nil || ctx.Err() != nil:
		return nil
	default:
		r.call.recorder.RequestFailed(err)
		return err
	}
}

// result is that of ready(), once all is over.
func (r *rollCall) result(ctx context.Context, s *rollcall.Standing, err error) (any, error) {
	deaf := 0
	if r.canary {
		deaf = s.Ready - s.Confirmed
		if ctx.Err() == nil || errors.Is(context.Cause(ctx), errBarrierTimeout) {
			r.call.recorder.CountDeaf(deaf)
		}
	}
	if err != nil {
		return nil, err
	}
	return readyResult{Ready: s.Measure, Deaf: deaf, Failed: s.Failed}, nil
}
