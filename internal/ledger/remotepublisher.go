package ledger

import "time"

// publisher is what is known of whether another process is about to broadcast, or still does.
// The audience's lock guards it.
type publisher struct {
	heard  instant // when anybody here has read anything of it, the latest
	silent bool    // it has said nothing for so long that it is gone
	roll   uint32  // the latest that it has called
	asking bool    // it has called one, and neither opened a series nor withdrawn since
	// withdrew is when it has given up asking; zero unless that is the latest.
	withdrew instant
}

// asks notes that a roll was called.
func (p *publisher) asks(roll uint32) {
	if roll > p.roll {
		p.roll, p.asking, p.withdrew = roll, true, 0
	}
}

// withdraws notes that the rolls up to this one have been given up.
func (p *publisher) withdraws(roll uint32, at instant) {
	if roll >= p.roll {
		p.roll, p.asking, p.withdrew = roll, false, at
	}
}

// opens notes that a series was opened.
func (p *publisher) opens() { p.asking, p.withdrew = false, 0 }

// says notes that something of it was read.
func (p *publisher) says(at instant) { p.heard, p.silent = max(p.heard, at), false }

// goneAfter is for how long a publisher is silent in the midst of a series if it is gone. It
// gives a sign of life every 20 seconds, and a request to the gateway takes no longer than 40.
const goneAfter = 90 * time.Second

// fallsSilent reports whether the publisher is found to be gone in the midst of a series: it was
// killed, or cut off, or nobody here can hear it. The audience's lock is held.
func (c *account) fallsSilent(now instant) bool {
	p := &c.publisher
	if !c.playing() || len(c.rows.all()) > 0 || now < p.heard.plus(goneAfter) {
		return false
	}
	p.silent = true
	return true
}

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
	p.end()
}
