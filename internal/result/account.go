package result

import (
	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Origin identifies a publishing process and the audience it published to.
type Origin struct {
	Gateway string `json:"gateway"`
	// ID is the origin in the stamps, as eight hexadecimal digits. It is empty where
	// stampPattern found the times of broadcasts that others sent.
	ID string `json:"origin"`
}

// Account is what the listeners of this process have received of one origin.
type Account struct {
	Origin
	// Local: this process is the one that published.
	Local bool `json:"local"`

	// Planned is how many broadcasts there are to be, as far as that is known before the
	// end: of another process's origin what the openings said that were heard here.
	Planned int64 `json:"planned,omitempty"`
	// Unsent is the publisher's, of the series that have ended, and Running is how many have
	// not.
	Unsent  int64 `json:"unsent,omitempty"`
	Running int64 `json:"running,omitempty"`
	// Unclosed counts the series whose end was never heard, so that what this process's
	// listeners lost of their last broadcasts isn't known.
	Unclosed int64 `json:"unclosed,omitempty"`
	// Clock is by how much this process's clock is ahead of the publisher's, as far as it was
	// found out; nil for the process's own, and where nothing was.
	Clock *ClockBand `json:"clock,omitempty"`
	// Broadcasts are the settled ones, in the order of their sequences. Where the process
	// keeps no account of an origin there are none, and its losses aren't known.
	Broadcasts []Broadcast `json:"broadcasts,omitempty"`

	// Heard is what was read, settled or not.
	Heard Heard `json:"heard"`
	// Delay is the distribution of the delays of all first copies, less Base.
	Delay *histogram.Distribution `json:"delay"`
	// Base is subtracted from every delay of the origin, in µs, in Delay and in the
	// intervals. It is not zero where the two clocks differ by so much that a bucket
	// would be wider than what is to be measured.
	Base int64 `json:"base,omitempty"`
}

// ClockBand is by how much one clock is ahead of another, in µs, at the least and at the most;
// nil where nothing is known.
type ClockBand struct {
	Least *int64 `json:"least,omitempty"`
	Most  *int64 `json:"most,omitempty"`
}

// Heard counts deliveries as they were read.
type Heard struct {
	First      int64 `json:"first"` // first copies, the late ones included
	Late       int64 `json:"late,omitempty"`
	Duplicated int64 `json:"duplicated,omitempty"`
	Reordered  int64 `json:"reordered,omitempty"`
}

// Broadcast is what became of one broadcast, or of several that followed one another,
// among the listeners of this process: Expected = Received + Missing + Cut +
// Indeterminate.
type Broadcast struct {
	From uint32 `json:"from"` // sequence of the first
	To   uint32 `json:"to"`   // and of the last
	// Count is how many were sent. It is less than To-From+1 where a sequence in between
	// is a canary's, or was never sent.
	Count int64 `json:"count"`
	// SentFirst and SentLast are the intended send times of the first and the last.
	SentFirst int64 `json:"sentFirst"`
	SentLast  int64 `json:"sentLast"`

	Expected int64 `json:"expected"`
	Received int64 `json:"received"`
	// Lost: Missing never came, Cut were due to listeners that the gateway or the network
	// cut off.
	Missing       int64 `json:"missing,omitempty"`
	Cut           int64 `json:"cut,omitempty"`
	Indeterminate int64 `json:"indeterminate,omitempty"`
	// Open is the part of Indeterminate where two clocks don't tell whether a listener
	// came or left before the broadcast.
	Open       int64 `json:"open,omitempty"`
	Missed     int64 `json:"missed,omitempty"`
	Late       int64 `json:"late,omitempty"`
	Duplicated int64 `json:"duplicated,omitempty"`
	Reordered  int64 `json:"reordered,omitempty"`

	// Reached is how many of them reached anybody. First and Last are the longest times
	// in which one of those reached its first and its last listener, in µs.
	Reached int64 `json:"reached,omitempty"`
	First   int64 `json:"first,omitempty"`
	Last    int64 `json:"last,omitempty"`
}

// Lost is how many deliveries were lost, for whatever cause.
func (b *Broadcast) Lost() int64 { return b.Missing + b.Cut }

// Append returns b with the broadcasts after it.
func (b Broadcast) Append(next Broadcast) Broadcast {
	b.To, b.SentLast = next.To, next.SentLast
	return b.plus(next)
}

// Join returns b with what became of the same broadcasts among the listeners of another
// process. The first that a broadcast reached is the first of either process.
func (b Broadcast) Join(other Broadcast) Broadcast {
	count := max(b.Count, other.Count)
	switch {
	case b.Reached == 0:
	case other.Reached == 0:
		other.First, other.Last = b.First, b.Last
	default:
		other.First = min(b.First, other.First)
		b.First = other.First
	}
	reached := max(b.Reached, other.Reached)
	b.From, b.To = min(b.From, other.From), max(b.To, other.To)
	b.SentFirst, b.SentLast = min(b.SentFirst, other.SentFirst), max(b.SentLast, other.SentLast)
	b = b.plus(other)
	b.Count, b.Reached = count, reached
	return b
}

// plus adds up the counts, and takes the longer of two times.
func (b Broadcast) plus(other Broadcast) Broadcast {
	switch {
	case b.Reached == 0:
		b.First, b.Last = other.First, other.Last
	case other.Reached > 0:
		b.First, b.Last = max(b.First, other.First), max(b.Last, other.Last)
	}
	b.Count += other.Count
	b.Expected += other.Expected
	b.Received += other.Received
	b.Missing += other.Missing
	b.Cut += other.Cut
	b.Indeterminate += other.Indeterminate
	b.Open += other.Open
	b.Missed += other.Missed
	b.Late += other.Late
	b.Duplicated += other.Duplicated
	b.Reordered += other.Reordered
	b.Reached += other.Reached
	return b
}

// mostBroadcasts is how many broadcasts and blocks of an account are kept; half of them
// are the latest broadcasts, one by one.
const mostBroadcasts = 2048

// add adds a settled broadcast. They settle nearly in the order of their sequences.
func (a *Account) add(b Broadcast) {
	at := len(a.Broadcasts)
	for at > 0 && a.Broadcasts[at-1].From > b.From {
		at--
	}
	if at > 0 && a.Broadcasts[at-1].To >= b.From { // its block is made already
		block := &a.Broadcasts[at-1]
		to, last := block.To, block.SentLast
		*block = block.plus(b)
		block.To, block.SentLast = to, last
		return
	}
	a.Broadcasts = append(a.Broadcasts, Broadcast{})
	copy(a.Broadcasts[at+1:], a.Broadcasts[at:])
	a.Broadcasts[at] = b
	if len(a.Broadcasts) > mostBroadcasts {
		a.Broadcasts = coalesce(a.Broadcasts)
	}
}

// coalesce puts the older broadcasts together in blocks of a power of two, the smallest
// with which they take a quarter of the space.
func coalesce(all []Broadcast) []Broadcast {
	older, latest := all[:len(all)-mostBroadcasts/2], all[len(all)-mostBroadcasts/2:]
	for size := uint32(2); ; size *= 2 {
		if blocks := InBlocks(older, size); len(blocks) <= mostBroadcasts/4 || size == 1<<31 {
			return append(blocks, latest...)
		}
	}
}

// InBlocks puts broadcasts together that belong to the same block of so many sequences, a
// power of two. Broadcasts that are in larger blocks stay there.
func InBlocks(all []Broadcast, size uint32) []Broadcast {
	var blocks []Broadcast
	for _, b := range all {
		last := len(blocks) - 1
		if last >= 0 && (blocks[last].From-1)/size == (b.To-1)/size {
			blocks[last] = blocks[last].Append(b)
			continue
		}
		blocks = append(blocks, b)
	}
	return blocks
}
