package ledger

import (
	"context"
	"sync/atomic"
	"time"
)

// settleTick is how often Settle looks at the series. Deliveries, which are many, then
// needn't notify it, which is one.
const settleTick = 10 * time.Millisecond

// Settle waits until no delivery is outstanding but of settled broadcasts, or until no
// first copy has come for as long as OpenSeries was told. If the context ends before
// that, the series is interrupted: what is outstanding of broadcasts that aren't settled
// isn't known to be lost.
func (s *Series) Settle(ctx context.Context) {
	ticker := time.NewTicker(settleTick)
	defer ticker.Stop()
	silence := silenceOf(&s.firsts)
	for !s.complete() {
		if silence.length() >= s.settle {
			return
		}
		select {
		case <-ctx.Done():
			s.interrupt()
			return
		case <-ticker.C:
		}
	}
	if silence.length() < grace {
		s.awaitDuplicates(ctx, ticker.C)
	}
}

// awaitDuplicates waits until no further copy has come for a while. It waits no longer
// than settle altogether, because a gateway may send copies for ever.
func (s *Series) awaitDuplicates(ctx context.Context, tick <-chan time.Time) {
	began := time.Now()
	for silence := silenceOf(&s.copies); silence.length() < grace && time.Since(began) < s.settle; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// silence is the time during which a counter hasn't changed.
type silence struct {
	counter *atomic.Int64
	count   int64
	since   time.Time
}

func silenceOf(counter *atomic.Int64) *silence {
	return &silence{counter: counter, count: counter.Load(), since: time.Now()}
}

// length returns how long the silence has lasted, as far as calls of it can tell.
func (s *silence) length() time.Duration {
	if count := s.counter.Load(); count != s.count {
		s.count, s.since = count, time.Now()
	}
	return time.Since(s.since)
}
