package ledger

import (
	"context"
	"time"
)

// Settle waits until everybody has heard everything, or until no first copy has
// come for as long as quiet says. If the context ends before, what hasn't come is
// indeterminate.
func (account *Series) Settle(ctx context.Context, quiet time.Duration) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for heard := watch(account.firsts.Load); !account.complete(); {
		if heard.quietFor() >= quiet {
			return
		}
		select {
		case <-ctx.Done():
			account.interrupted = true
			return
		case <-ticker.C:
		}
	}
	account.linger(ctx, ticker.C, quiet)
}

// lingering is how long an account stays open when everybody has heard everything,
// so that duplicates behind the last delivery are still seen.
const lingering = 250 * time.Millisecond

// linger waits until no further copy has come for a while, and for quiet at most: a
// gateway that sends copies for ever isn't waited for.
func (account *Series) linger(ctx context.Context, tick <-chan time.Time, quiet time.Duration) {
	began := time.Now()
	for copied := watch(account.copies.Load); copied.quietFor() < min(quiet, lingering) && time.Since(began) < quiet; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// watched is a number that grows, and since when it hasn't.
type watched struct {
	read  func() int64
	seen  int64
	since time.Time
}

func watch(read func() int64) *watched {
	return &watched{read: read, seen: read(), since: time.Now()}
}

// quietFor is how long it has been the same.
func (w *watched) quietFor() time.Duration {
	if now := w.read(); now != w.seen {
		w.seen, w.since = now, time.Now()
	}
	return time.Since(w.since)
}
