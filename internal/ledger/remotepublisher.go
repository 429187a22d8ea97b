package ledger

import "time"

// publisher is what is known of whether another process is about to broadcast. The audience's
// lock guards it.
type publisher struct {
	roll   uint32 // the latest that it has called
	asking bool   // it has called one, and neither opened a series nor withdrawn since
	// withdrew is when it has given up asking; zero unless that is the latest.
	withdrew instant
}

// asks notes that a roll was called.
func (p *publisher) asks(roll uint32) {
	if roll > p.roll {
		*p = publisher{roll: roll, asking: true}
	}
}

// withdraws notes that the rolls up to this one have been given up.
func (p *publisher) withdraws(roll uint32, at instant) {
	if roll >= p.roll {
		*p = publisher{roll: roll, withdrew: at}
	}
}

// opens notes that a series was opened.
func (p *publisher) opens() { p.asking, p.withdrew = false, 0 }

// secondThoughts is how long after its withdrawal a publisher may call the next roll, or open a
// series, and listeners that wait for broadcasts are still there. It is longer than the pauses
// between rolls, because another ready() of that process may be waiting.
const secondThoughts = 15 * time.Second

// judgeWithdrawals notes that there may be no broadcasts if somebody who was to publish has
// withdrawn, a while ago, and nobody else is known to be about to. The audience's lock is held.
func (a *Audience) judgeWithdrawals(r *remotes, now instant) {
	withdrawn := false
	for _, c := range r.all() {
		if c.publisher.asking && !c.foreign {
			return
		}
		since := c.publisher.withdrew
		withdrawn = withdrawn || since != 0 && now >= since.plus(secondThoughts)
	}
	if !withdrawn {
		return
	}
	p := a.play()
	if p.barriers > 0 || p.fulfilled {
		return
	}
	for _, c := range r.all() {
		c.publisher.withdrew = 0
	}
	p.end(time.Now())
}
