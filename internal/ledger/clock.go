package ledger

import (
	"sync/atomic"
	"time"
)

// clock is the clock by which this process dates what it tells others. It is the system's,
// unless a test has it differ; all that stays within the process is dated by the system's.
type clock struct{ offset atomic.Int64 }

// SetClockOffset has this process's clock differ, so that a test can have processes whose
// clocks do.
func (l *Ledger) SetClockOffset(offset time.Duration) { l.clock.offset.Store(int64(offset)) }

// ClockOffset returns by how much this process's clock differs from the system's.
func (l *Ledger) ClockOffset() time.Duration { return time.Duration(l.clock.offset.Load()) }

// now returns the time by this process's clock.
func (c *clock) now() time.Time { return c.date(time.Now()) }

// date returns what this process's clock showed at a time of the system's.
func (c *clock) date(t time.Time) time.Time { return t.Add(time.Duration(c.offset.Load())) }

// Date returns what this process's clock showed at a time of the system's. So is dated what
// other processes are told, and what is compared with what they tell.
func (l *Ledger) Date(t time.Time) time.Time { return l.clock.date(t) }
