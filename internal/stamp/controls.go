package stamp

import "time"

// Roll asks every process of a run how many listeners it has. The asker's number of the
// roll goes up with each.
type Roll struct {
	Run    uint32
	Asker  uint32 // an origin of the process that asks
	Number uint32
	Sent   time.Time // by the asker's clock
}

// Present is a process's answer to a roll.
type Present struct {
	Run       uint32
	Asker     uint32 // of the roll
	Roll      uint32 // its number
	Process   uint16 // this one, from 1
	Processes uint16 // of the run
	Answer    uint32 // this process's answers, counted from 1

	Ready, Confirmed, Failed, CutOff, Left, Coming uint32 // listeners, see rollcall.Count

	RollSent    time.Time // as the roll said
	RollArrived time.Time // by this process's clock
	Sent        time.Time // by this process's clock
}

// Withdrawal says that the process that called a roll, and those before it, has given up
// waiting, and doesn't broadcast unless it calls another.
type Withdrawal struct {
	Run   uint32
	Asker uint32 // an origin of the process that asked
	Roll  uint32 // its latest
}

// Opening says that a series of broadcasts is about to begin. It is the consequence of the
// answers to a roll that it names, so listeners that were ready before their process
// answered were ready before the series began, whatever the clocks say.
type Opening struct {
	Run     uint32
	Origin  uint32
	Series  uint32 // the origin's series, counted from 1
	Part    uint16 // from 0; an opening with many answers has several, see Split
	First   uint32 // the sequence of the first broadcast, unless other series are open
	Planned uint32 // how many broadcasts
	Settle  time.Duration
	Sent    time.Time // by the publisher's clock
	// Previous is when the origin's latest broadcast was stamped; zero if there was none.
	Previous time.Time
	// ClockError is how far the publisher's clock may be from the true time; zero if that
	// isn't known.
	ClockError time.Duration
	// Confirmed: broadcasts are due only to listeners that have heard something.
	Confirmed bool
	Roll      uint32 // the roll that was answered; zero if there was none
	Heard     []Heard
}

// Heard is one answer that reached the publisher.
type Heard struct {
	Process uint16
	Answer  uint32
	Arrived time.Time // by the publisher's clock
}

// Closing says how far a series has come: each sequence up to the last has been given out,
// and those that were retracted, because they could not be sent, are due to nobody.
type Closing struct {
	Run    uint32
	Origin uint32
	Series uint32
	Number uint32 // the series' closings, counted from 1
	Final  bool   // the series has ended
	First  uint32 // the sequence of the series' first broadcast
	Last   uint32 // the highest sequence that the origin has given out
	End    uint32 // the highest that it has promised, as in a stamp
	Settle time.Duration
	Sent   time.Time // by the publisher's clock, as are these:
	// FirstPublished and LastPublished are when First and Last were stamped.
	FirstPublished, LastPublished time.Time
	// Retracted are at most MaxRanges, the latest, of all series of the origin. They are all
	// there are from the sequence Listed on.
	Retracted []Range
	Listed    uint32
}

// Range is the sequences from the first to the last, both included.
type Range struct{ First, Last uint32 }

// How many elements the lists of one token may have.
const (
	MaxHeard  = 64
	MaxRanges = 8
)

// Split returns openings of at most MaxHeard answers each, which together say what o does.
func (o Opening) Split() []*Opening {
	var parts []*Opening
	for all := o.Heard; ; all = all[MaxHeard:] {
		part := o
		part.Part = uint16(len(parts)) //nolint:gosec // a run has at most 65,535 processes
		part.Heard = all[:min(len(all), MaxHeard)]
		parts = append(parts, &part)
		if len(all) <= MaxHeard {
			return parts
		}
	}
}

func (*Roll) kind() byte       { return kindRoll }
func (*Present) kind() byte    { return kindPresent }
func (*Withdrawal) kind() byte { return kindWithdrawal }
func (*Opening) kind() byte    { return kindOpening }
func (*Closing) kind() byte    { return kindClosing }

func (r *Roll) fields(c *codec) {
	c.u32(&r.Run, &r.Asker, &r.Number)
	c.instant(&r.Sent)
}

func (p *Present) fields(c *codec) {
	c.u32(&p.Run, &p.Asker, &p.Roll)
	c.u16(&p.Process)
	c.u16(&p.Processes)
	c.u32(&p.Answer, &p.Ready, &p.Confirmed, &p.Failed, &p.CutOff, &p.Left, &p.Coming)
	c.instant(&p.RollSent, &p.RollArrived, &p.Sent)
}

func (w *Withdrawal) fields(c *codec) { c.u32(&w.Run, &w.Asker, &w.Roll) }

func (o *Opening) fields(c *codec) {
	c.u32(&o.Run, &o.Origin, &o.Series)
	c.u16(&o.Part)
	c.u32(&o.First, &o.Planned)
	c.duration(&o.Settle, time.Millisecond)
	c.instant(&o.Sent, &o.Previous)
	c.duration(&o.ClockError, time.Microsecond)
	c.flag(&o.Confirmed)
	c.u32(&o.Roll)
	n := c.count(len(o.Heard), MaxHeard)
	if !c.writing {
		o.Heard = make([]Heard, n)
	}
	for i := range o.Heard {
		c.u16(&o.Heard[i].Process)
		c.u32(&o.Heard[i].Answer)
		c.instant(&o.Heard[i].Arrived)
	}
}

func (l *Closing) fields(c *codec) {
	c.u32(&l.Run, &l.Origin, &l.Series, &l.Number)
	c.flag(&l.Final)
	c.u32(&l.First, &l.Last, &l.End)
	c.duration(&l.Settle, time.Millisecond)
	c.instant(&l.Sent, &l.FirstPublished, &l.LastPublished)
	n := c.count(len(l.Retracted), MaxRanges)
	if !c.writing {
		l.Retracted = make([]Range, n)
	}
	for i := range l.Retracted {
		r := &l.Retracted[i]
		c.u32(&r.First, &r.Last)
		c.invalid = c.invalid || r.First > r.Last
	}
	c.u32(&l.Listed)
}
