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
	owed        bool      // broadcasts could not be sent, and it hasn't been told
	told        time.Time // when such was told last
	said        time.Time // when anything was sent last, a broadcast or a token
}

// newAnnouncer returns the announcer of a series of a distributed test, nil of any other and
// of one whose broadcasts are each for one listener, of this process.
func newAnnouncer(run *ledger.Run, series *ledger.Series, b Broadcaster) *announcer {
	if _, toOne := b.(Notifier); toOne || !run.Distributed {
		return nil
	}
	return &announcer{run: run, series: series, broadcaster: b}
}

// open says that the series begins.
func (a *announcer) open(ctx context.Context) {
	if a == nil {
		return
	}
	for _, part := range a.series.Opening(a.run).Split() {
		a.send(ctx, part)
	}
}

// retractionEvery is how often it is told, at the most, that broadcasts could not be sent.
// The listeners' accounts wait for longer than that.
const retractionEvery = time.Second

// retracted notes that a broadcast could not be sent.
func (a *announcer) retracted() {
	if a != nil {
		a.owed = true
	}
}

// payUp says which broadcasts could not be sent, if that is owed and wasn't just said. The
// next broadcast comes soon then, and with it the next call.
func (a *announcer) payUp(ctx context.Context) {
	if a == nil || !a.owed || time.Since(a.told) < retractionEvery {
		return
	}
	a.owed, a.told = false, time.Now()
	a.send(ctx, a.series.Closing(a.run, false))
}

// signOfLifeEvery is how long a series may say nothing between its broadcasts. Listeners take a
// publisher for gone that has been silent for much longer, see ledger.
const signOfLifeEvery = 20 * time.Second

// broadcasts notes that broadcasts are about to be sent.
func (a *announcer) broadcasts() {
	if a != nil {
		a.said = time.Now()
	}
}

// untilSign returns for how long the series can wait for something that is due at that time,
// before it has to give a sign of life.
func (a *announcer) untilSign(due time.Time) time.Duration {
	wait := time.Until(due)
	if a != nil {
		wait = min(wait, time.Until(a.said.Add(signOfLifeEvery)))
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
// when it has, or when the context has ended.
func (a *announcer) close(ctx context.Context, settled <-chan struct{}) {
	if a == nil {
		return
	}
	a.send(ctx, a.series.Closing(a.run, true))
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
}

func (a *announcer) send(ctx context.Context, token stamp.Control) {
	a.said = time.Now()
	if ctx.Err() == nil {
		_ = a.broadcaster.Send(ctx, stamp.WriteControl(token, a.run.Secret))
	}
}
