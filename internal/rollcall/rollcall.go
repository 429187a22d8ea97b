// Package rollcall is the barrier for all processes of a test, without anything that is
// sent: which rolls a process calls and when, what the answers come to, and which rolls a
// process answers.
//
// A process that waits for listeners calls a roll through the gateway, as a broadcast to
// the audience. Every other process that hears it answers with a broadcast, too, of how many
// listeners it has. The roll is called again until that is enough.
//
// Nothing here reads a clock: the caller passes the time.
package rollcall

import (
	"math"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// Count is how the listeners of one process stand, or of several.
type Count struct {
	Ready     int // the gateway has acknowledged them
	Confirmed int // of those ready, how many have heard something
	Failed    int // never became ready
	CutOff    int // were ready until the gateway or the network ended them, and nobody took their places
	Left      int // were ready until this side ended them
	Coming    int // may yet become ready
}

func (c Count) plus(other Count) Count {
	return Count{
		Ready: c.Ready + other.Ready, Confirmed: c.Confirmed + other.Confirmed,
		Failed: c.Failed + other.Failed, CutOff: c.CutOff + other.CutOff, Left: c.Left + other.Left, Coming: c.Coming + other.Coming,
	}
}

// gone reports whether the process has had listeners, and has none now.
func (c Count) gone() bool { return c.Ready+c.Coming == 0 && c.Left > 0 }

// Config is what a Call waits for.
type Config struct {
	Run uint32
	// Process is the one that calls, of so many. Processes is zero where nobody knows how
	// many there are; then the call waits for listeners only.
	Process, Processes uint16
	Asker              uint32
	// Needed is how many listeners of all processes are to be ready, or confirmed, and Share
	// how many of them this process is likely to have.
	Needed, Share int
	Confirmed     bool
	// Number returns the number of the next roll, which is higher than any before.
	Number func() uint32
	// Random returns a number from 0 to 1, so that processes don't call at the same time.
	Random func() float64
}

// A roll is called again after firstPause, and then after ever twice as long, up to
// longestPause, each give or take jitter.
const (
	firstPause   = time.Second
	longestPause = 8 * time.Second
	jitter       = 0.2
)

// How long nothing may change once enough listeners seem out of reach: a scenario that goes on
// calling listen() has none coming in between. If it is only because listeners have left, it
// takes longer, because the process whose next ones begin has to say so through the gateway.
const (
	patience        = time.Second
	patienceForLeft = 10 * time.Second
)

// maxStrangers bounds the processes whose answers are kept where nobody knows how many
// there are.
const maxStrangers = 1024

// Call is one barrier's roll call.
type Call struct {
	config   Config
	own      Count
	answers  map[uint16]answer // the newest of each process
	first    uint32            // the number of the call's first roll
	last     uint32            // and of its latest; zero before the first
	calledAt time.Time
	next     time.Time // when the next roll is due
	pause    time.Duration
	// hopelessSince is when enough listeners were found out of reach, and asked when the first
	// roll was called after that; both are zero while they aren't. Patience is for how long after
	// that roll this may change.
	hopelessSince, asked time.Time
	patience             time.Duration
	disagrees            uint16 // a process that says that the test has another number of processes; zero if none does
	says                 uint16 // which number
}

type answer struct {
	*stamp.Present
	arrived time.Time
}

// New returns a call whose first roll is due now.
func New(config Config, now time.Time) *Call {
	return &Call{config: config, answers: make(map[uint16]answer), next: now, pause: firstPause}
}

// Next returns when something is to be done, though nothing is heard: a roll is due, or the
// call may give up.
func (c *Call) Next() time.Time {
	if !c.asked.IsZero() {
		if end := c.asked.Add(c.patience); end.Before(c.next) {
			return end
		}
	}
	return c.next
}

// Due reports whether a roll is to be called.
func (c *Call) Due(now time.Time) bool { return !now.Before(c.next) }

// Roll returns the roll that is due. Sent is now by the clock by which the process dates
// what it tells others.
func (c *Call) Roll(now, sent time.Time) *stamp.Roll {
	c.last = c.config.Number()
	if c.first == 0 {
		c.first = c.last
	}
	c.calledAt = now
	if !c.hopelessSince.IsZero() && c.asked.IsZero() {
		c.asked = now
	}
	pause := c.pause
	if c.waitsForOwn() {
		pause = longestPause
	} else {
		c.pause = min(2*c.pause, longestPause)
	}
	c.next = now.Add(time.Duration(float64(pause) * (1 - jitter + 2*jitter*c.config.Random())))
	return &stamp.Roll{Run: c.config.Run, Asker: c.config.Asker, Number: c.last, Sent: sent}
}

// waitsForOwn reports whether listeners of this process are still coming. Other processes
// will hardly be any faster, so rolls are called less often meanwhile.
func (c *Call) waitsForOwn() bool {
	return c.own.Coming > 0 && c.measure(c.own) < c.config.Share
}

// measure is how many of a count fulfil the barrier.
func (c *Call) measure(count Count) int {
	if c.config.Confirmed {
		return count.Confirmed
	}
	return count.Ready
}

// SetOwn says how the listeners of this process stand. When they are all there, the next
// roll doesn't wait for long.
func (c *Call) SetOwn(count Count, now time.Time) {
	waited := c.waitsForOwn()
	c.own = count
	if waited && !c.waitsForOwn() {
		c.hasten(now)
	}
	c.judge(now)
}

// hasten has the next roll called soon.
func (c *Call) hasten(now time.Time) {
	if soon := later(now, c.calledAt.Add(firstPause)); soon.Before(c.next) {
		c.next = soon
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Hear enters an answer, whoever's roll it answers. It arrived at a time of the clock by
// which the process dates what it tells others.
func (c *Call) Hear(p *stamp.Present, arrived, now time.Time) {
	if p.Run != c.config.Run || p.Process == c.config.Process || p.Process == 0 {
		return
	}
	if p.Processes != c.config.Processes {
		c.disagrees, c.says = p.Process, p.Processes
		return
	}
	known, again := c.answers[p.Process]
	switch {
	case !again && !c.hasRoom(p.Process):
	case p.Asker == c.config.Asker && p.Roll < c.first: // it was sent before the call began
	case again && !p.Sent.After(known.Sent): // an older one, or a copy
	default:
		c.answers[p.Process] = answer{p, arrived}
		c.judge(now)
	}
}

// hasRoom reports whether the answers of a process that hasn't answered yet are kept.
func (c *Call) hasRoom(process uint16) bool {
	if c.config.Processes == 0 {
		return len(c.answers) < maxStrangers
	}
	return process <= c.config.Processes
}

// judge notes whether enough listeners are out of reach: as many have been tried, and too
// few are ready or coming. Those who left count as tried in a process that has no others, and
// that may have done with listening; elsewhere the next may be taking their places.
func (c *Call) judge(now time.Time) {
	s, needed := c.Standing(), c.config.Needed
	tried := s.Ready + s.Failed + s.CutOff
	c.patience = patience
	if tried < needed {
		tried += c.leftAltogether()
		c.patience = patienceForLeft
	}
	switch {
	case c.config.Processes == 0 || len(s.Missing) > 0 || s.Ready+s.Coming >= needed || tried < needed:
		c.hopelessSince, c.asked = time.Time{}, time.Time{}
	case c.hopelessSince.IsZero():
		c.hopelessSince = now
		c.hasten(now)
	}
}

// leftAltogether returns how many have left of the processes that have no listeners any more.
func (c *Call) leftAltogether() (left int) {
	if c.own.gone() {
		left = c.own.Left
	}
	for _, a := range c.answers {
		if count := countOf(a.Present); count.gone() {
			left += count.Left
		}
	}
	return left
}

// Complete reports whether the barrier is fulfilled: all processes have answered, and enough
// listeners are there.
func (c *Call) Complete() bool {
	s := c.Standing()
	return len(s.Missing) == 0 && c.measure(s.Count) >= c.config.Needed
}

// OutOfReach reports whether the call can be given up: by the answers of all processes
// enough listeners are neither there nor coming, and another roll hasn't changed that.
func (c *Call) OutOfReach(now time.Time) bool {
	return !c.asked.IsZero() && now.Sub(c.asked) >= c.patience
}

// Standing is what all answers come to.
type Standing struct {
	Count
	// Measure is how many listeners fulfil the barrier.
	Measure int
	// Answered is how many processes have, this one included, and Missing are those that
	// haven't.
	Answered int
	Missing  []int
	// Disagrees is a process that says that the test has Says processes, another number
	// than this one knows of; zero if there is none.
	Disagrees, Says int
}

// Standing returns what the answers so far come to.
func (c *Call) Standing() Standing {
	s := Standing{Count: c.own, Answered: 1 + len(c.answers), Disagrees: int(c.disagrees), Says: int(c.says)}
	for _, a := range c.answers {
		s.Count = s.plus(countOf(a.Present))
	}
	for i := uint16(1); i <= c.config.Processes && i != 0; i++ {
		if _, answered := c.answers[i]; !answered && i != c.config.Process {
			s.Missing = append(s.Missing, int(i))
		}
	}
	s.Measure = c.measure(s.Count)
	return s
}

// EnterIn enters the count in an answer.
func (c Count) EnterIn(p *stamp.Present) {
	p.Ready, p.Confirmed, p.Failed = clipped(c.Ready), clipped(c.Confirmed), clipped(c.Failed)
	p.CutOff, p.Left, p.Coming = clipped(c.CutOff), clipped(c.Left), clipped(c.Coming)
}

// clipped is the nearest number to n that an answer has room for.
func clipped(n int) uint32 {
	return uint32(min(max(n, 0), math.MaxUint32)) //nolint:gosec // it has room
}

// countOf is the count that an answer tells.
func countOf(p *stamp.Present) Count {
	return Count{
		Ready: int(p.Ready), Confirmed: int(p.Confirmed), Failed: int(p.Failed), CutOff: int(p.CutOff), Left: int(p.Left), Coming: int(p.Coming),
	}
}

// Last returns the number of the latest roll, zero before the first.
func (c *Call) Last() uint32 { return c.last }

// Heard returns the answers that count, in the order of their processes.
func (c *Call) Heard() []stamp.Heard {
	heard := make([]stamp.Heard, 0, len(c.answers))
	for _, a := range c.answers {
		heard = append(heard, stamp.Heard{Process: a.Process, Answer: a.Answer, Arrived: a.arrived})
	}
	slices.SortFunc(heard, func(a, b stamp.Heard) int { return int(a.Process) - int(b.Process) })
	return heard
}
