package publish

import (
	"context"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// announcer tells the listeners of other processes where a series begins and ends, through
// the gateway that the series goes through. What can't be sent is not reported: those who
// don't hear it know that. A nil announcer tells nothing.
type announcer struct {
	run         *ledger.Run
	series      *ledger.Series
	broadcaster Broadcaster
	untold      bool      // broadcasts were retracted, and it hasn't been told
	told        time.Time // when it was told last that any were
	sent        time.Time // when anything was sent last, a broadcast or a token
}

// newAnnouncer returns the announcer of a series of a distributed test, nil of any other and
// of one whose broadcasts are each for one listener, of this process.
func newAnnouncer(run *ledger.Run, series *ledger.Series, b Broadcaster) *announcer {
	if _, toOne := b.(Notifier); toOne || !run.Distributed {
		return nil
	}
	return &announcer{run: run, series: series, broadcaster: b}
}

// open says that the series begins. It returns when that is through, so that the first
// broadcast doesn't queue behind it in the gateway.
func (a *announcer) open(ctx context.Context) {
	if a == nil {
		return
	}
	opening := a.series.Opening(a.run)
	for _, part := range opening.Split() {
		a.send(ctx, part)
	}
	a.awaitEcho(ctx, opening.Settle, func(token stamp.Control) bool {
		o, ok := token.(*stamp.Opening)
		return ok && o.Origin == opening.Origin && o.Series == opening.Series
	})
}

// awaitEcho waits until a token that was sent has come back, but no longer than any broadcast
// is waited for. It returns at once where nothing comes back.
func (a *announcer) awaitEcho(ctx context.Context, settle time.Duration, sent func(stamp.Control) bool) {
	echoing, ok := a.broadcaster.(EchoBroadcaster)
	if !ok {
		return
	}
	timer := time.NewTimer(settle)
	defer timer.Stop()
	for {
		select {
		case token := <-echoing.Echoes():
			if sent(token) {
				return
			}
		case <-timer.C:
			return
		case <-echoing.Ended():
			return
		case <-ctx.Done():
			return
		}
	}
}

// retractionEvery is how often it is told, at the most, that broadcasts could not be sent.
// The listeners' accounts wait for longer than that.
const retractionEvery = time.Second

// noteRetracted notes that a broadcast could not be sent.
func (a *announcer) noteRetracted() {
	if a != nil {
		a.untold = true
	}
}

// tellRetracted says which broadcasts could not be sent, if there are any of which that hasn't
// been said. Shortly after the last time it leaves that to the next call, which comes with the
// next broadcast.
func (a *announcer) tellRetracted(ctx context.Context) {
	if a == nil || !a.untold || time.Since(a.told) < retractionEvery {
		return
	}
	a.untold, a.told = false, time.Now()
	a.send(ctx, a.series.Closing(a.run, false))
}

// signOfLifeEvery is how long a series may say nothing between its broadcasts. Listeners take a
// publisher for gone that has been silent for much longer, see ledger.
const signOfLifeEvery = 20 * time.Second

// noteSending notes that broadcasts are about to be sent.
func (a *announcer) noteSending() {
	if a != nil {
		a.sent = time.Now()
	}
}

// untilSign returns for how long the series can wait for something that is due at that time,
// before it has to give a sign of life.
func (a *announcer) untilSign(due time.Time) time.Duration {
	wait := time.Until(due)
	if a != nil {
		wait = min(wait, time.Until(a.sent.Add(signOfLifeEvery)))
	}
	return wait
}

// signOfLife says how far the series has come.
func (a *announcer) signOfLife(ctx context.Context) {
	a.send(ctx, a.series.Closing(a.run, false))
}

// When it is said again that the series has ended, after the first time.
const (
	secondClosing = time.Second
	thirdClosing  = 2 * time.Second // or when the series has settled, if that is later
)

// close says three times that the series has ended, so that a listener that missed one
// hears of it all the same: at once, after a while, and when settled is closed. It returns
// when it has and one of them is through, because the connection may be closed then; or when
// the context has ended.
func (a *announcer) close(ctx context.Context, settled <-chan struct{}) {
	if a == nil {
		return
	}
	closing := a.series.Closing(a.run, true)
	a.send(ctx, closing)
	if sleep.For(ctx, secondClosing) != nil {
		return
	}
	a.send(ctx, a.series.Closing(a.run, true))
	if sleep.For(ctx, thirdClosing-secondClosing) != nil {
		return
	}
	select {
	case <-settled:
		a.send(ctx, a.series.Closing(a.run, true))
	case <-ctx.Done():
	}
	a.awaitEcho(ctx, closing.Settle, func(token stamp.Control) bool {
		c, ok := token.(*stamp.Closing)
		return ok && c.Final && c.Origin == closing.Origin && c.Series == closing.Series
	})
}

func (a *announcer) send(ctx context.Context, token stamp.Control) {
	a.sent = time.Now()
	if ctx.Err() == nil {
		_ = a.broadcaster.Send(ctx, stamp.WriteControl(token, a.run.Secret))
	}
}
