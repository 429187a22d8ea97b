package result

import (
	"maps"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Intervals are what happened, over time.
type Intervals struct {
	// Length is how long each is, in ms: a second times a power of two. Each begins at a
	// multiple of its length.
	Length int64       `json:"length"`
	List   []*Interval `json:"list"`
}

// Interval is what happened in one interval. Its deliveries are those read in it.
type Interval struct {
	Start int64 `json:"start"` // ms since 1970

	// Connections and Listening are how many connections were open and how many listeners
	// were ready at its end.
	Connections int64 `json:"connections"`
	Listening   int64 `json:"listening"`
	// ListeningOn is Listening by gateway.
	ListeningOn map[string]int64 `json:"listeningOn,omitempty"`

	Opened int64 `json:"opened,omitempty"` // connections
	Failed int64 `json:"failed,omitempty"` // connections that never became ready
	Closed int64 `json:"closed,omitempty"` // connections that the gateway closed
	Errors int64 `json:"errors,omitempty"`

	// StoodStill is for how long, in µs, the process did nothing, for want of a processor.
	// Each time counts in the interval in which it ended.
	StoodStill int64 `json:"stoodStill,omitempty"`

	// Delays are the delays of the first copies, by gateway and origin; see Account.Base.
	Delays []*OriginDelays `json:"delays,omitempty"`
	// ReadLag is how long after its arrival each was read: how late this process was.
	ReadLag *histogram.Distribution `json:"readLag,omitempty"`
}

// OriginDelays are the delays of one origin's broadcasts.
type OriginDelays struct {
	Origin
	Delay *histogram.Distribution `json:"delay"`
}

// delays returns the distribution of an origin's delays.
func (i *Interval) delays(of Origin) *histogram.Distribution {
	for _, known := range i.Delays {
		if known.Origin == of {
			return known.Delay
		}
	}
	added := &OriginDelays{of, &histogram.Distribution{}}
	i.Delays = append(i.Delays, added)
	return added.Delay
}

// append adds what happened after i in the same longer interval.
func (i *Interval) append(next *Interval) {
	i.Connections, i.Listening, i.ListeningOn = next.Connections, next.Listening, next.ListeningOn
	i.Opened += next.Opened
	i.Failed += next.Failed
	i.Closed += next.Closed
	i.Errors += next.Errors
	i.StoodStill += next.StoodStill
	for _, other := range next.Delays {
		i.delays(other.Origin).Merge(other.Delay)
	}
	if next.ReadLag != nil {
		i.readLag().Merge(next.ReadLag)
	}
}

func (i *Interval) readLag() *histogram.Distribution {
	if i.ReadLag == nil {
		i.ReadLag = &histogram.Distribution{}
	}
	return i.ReadLag
}

func (i *Interval) clone() *Interval {
	clone := *i
	clone.ReadLag = i.ReadLag.Clone()
	clone.Delays = slices.Clone(i.Delays)
	for at, known := range clone.Delays {
		clone.Delays[at] = &OriginDelays{known.Origin, known.Delay.Clone()}
	}
	return &clone
}

const (
	shortest      = int64(time.Second / time.Millisecond)
	mostIntervals = 240
)

// at returns the interval of that time, a new one if it is later than all others.
func (is *Intervals) at(now time.Time) *Interval {
	start := now.UnixMilli() / is.Length * is.Length
	last := len(is.List) - 1
	if last >= 0 && is.List[last].Start >= start {
		return is.List[last]
	}
	next := &Interval{Start: start}
	if last >= 0 {
		before := is.List[last]
		next.Connections, next.Listening, next.ListeningOn = before.Connections, before.Listening, before.ListeningOn
	}
	is.List = append(is.List, next)
	if len(is.List) <= mostIntervals {
		return next
	}
	*is = is.Lengthened(2 * is.Length)
	return is.List[len(is.List)-1]
}

// Lengthened returns the intervals put together to longer ones. They are taken over, not
// copied.
func (is Intervals) Lengthened(length int64) Intervals {
	longer := Intervals{Length: length}
	for _, i := range is.List {
		start := i.Start / length * length
		if last := len(longer.List) - 1; last >= 0 && longer.List[last].Start == start {
			longer.List[last].append(i)
			continue
		}
		i.Start = start
		longer.List = append(longer.List, i)
	}
	return longer
}

// sortedKeys are a map's keys in a fixed order.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}
