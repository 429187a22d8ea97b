package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// subject returns what was measured of a gateway.
func (r *Run) subject(gateway string) *Subject {
	for _, s := range r.Gateways {
		if s.Gateway == gateway {
			return s
		}
	}
	s := &Subject{
		Run: r, Gateway: gateway, Delay: &histogram.Distribution{},
		Listeners: mostListenersOn(r.Intervals, gateway), delays: make(map[int64]*histogram.Distribution),
	}
	r.Gateways = append(r.Gateways, s)
	slices.SortFunc(r.Gateways, func(a, b *Subject) int { return cmp.Compare(a.Gateway, b.Gateway) })
	return s
}

// joinAccounts adds up the accounts and the delays of all processes.
func (r *Run) joinAccounts() {
	broadcasts := make(map[result.Origin][]result.Broadcast)
	sent := r.sent()
	planned := make(map[result.Origin]int64)
	for _, f := range r.Files {
		for _, g := range f.Setup.Gateways {
			r.subject(g.Name) // also one of which nothing was received
		}
		for _, a := range f.Accounts {
			s := r.subject(a.Gateway)
			s.addAccount(a)
			s.addDelay(f.Process, r.clocks.true(f, a.Origin, a.Delay), r.clocks.boundsOf(f, a.Origin))
			broadcasts[a.Origin] = append(broadcasts[a.Origin], a.Broadcasts...)
			planned[a.Origin] = max(planned[a.Origin], a.Planned)
		}
		for _, i := range f.Intervals.List {
			for _, d := range i.Delays {
				s := r.subject(d.Gateway)
				start := i.Start / r.Intervals.Length * r.Intervals.Length
				if s.delays[start] == nil {
					s.delays[start] = &histogram.Distribution{}
				}
				s.delays[start].Merge(r.clocks.true(f, d.Origin, d.Delay))
			}
		}
	}
	for of, all := range broadcasts {
		s := r.subject(of.Gateway)
		joined := joinBroadcasts(all)
		for _, b := range joined {
			s.addBroadcast(b)
		}
		s.Broadcasts = append(s.Broadcasts, joined...)
		s.Sent += sent[of]
		if of.ID != "" && !r.toldAll(of) {
			s.Running = max(s.Running, 1)
		}
	}
	for of, n := range planned {
		r.subject(of.Gateway).Planned += n
	}
	for _, s := range r.Gateways {
		slices.SortFunc(s.Broadcasts, func(a, b result.Broadcast) int {
			return cmp.Or(cmp.Compare(a.SentFirst, b.SentFirst), cmp.Compare(a.From, b.From))
		})
	}
}

// toldAll reports whether the publisher has told what became of all its series.
func (r *Run) toldAll(of result.Origin) bool {
	publisher := r.publisher(of)
	return publisher != nil && publisher.State == result.Ended
}

func count(broadcasts []result.Broadcast) (n int64) {
	for _, b := range broadcasts {
		n += b.Count
	}
	return n
}

// addAccount adds what isn't in the broadcasts.
func (s *Subject) addAccount(a *result.Account) {
	if a.Local {
		s.Unsent += a.Unsent
		s.Running += a.Running
	}
	s.Unclosed += s.Run.unclosed(a)
	s.Late += a.Heard.Late // a broadcast's own account is closed when they come
	if len(a.Broadcasts) == 0 {
		s.Unaccounted += a.Heard.First
		s.Duplicated += a.Heard.Duplicated
		s.Reordered += a.Heard.Reordered
	}
}

func (s *Subject) addDelay(process int, delay *histogram.Distribution, bounds Bounds) {
	if delay.Count() == 0 {
		return
	}
	s.Delay.Merge(delay)
	for at := range s.Parts {
		if s.Parts[at].Process == process {
			s.Parts[at].Delay.Merge(delay)
			s.Parts[at].Clock = s.Parts[at].Clock.union(bounds)
			return
		}
	}
	s.Parts = append(s.Parts, Part{process, delay.Clone(), bounds})
}

func (s *Subject) addBroadcast(b result.Broadcast) {
	s.Expected += b.Expected
	s.Received += b.Received
	s.Missing += b.Missing
	s.Cut += b.Cut
	s.Indeterminate += b.Indeterminate
	s.Open += b.Open
	s.Missed += b.Missed
	s.Duplicated += b.Duplicated
	s.Reordered += b.Reordered
	if b.Reached > 0 {
		s.First = max(s.First, time.Duration(b.First)*time.Microsecond)
		s.Last = max(s.Last, time.Duration(b.Last)*time.Microsecond)
		s.Reached += b.Reached
	}
}

// joinBroadcasts joins the broadcasts of one origin that several processes heard. Where
// one of them has a block, all take its size, so that nothing is divided.
func joinBroadcasts(all []result.Broadcast) []result.Broadcast {
	slices.SortStableFunc(all, func(a, b result.Broadcast) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To)) // blocks before what is in them
	})
	var joined []result.Broadcast
	for _, b := range all {
		last := len(joined) - 1
		if last >= 0 && b.From <= joined[last].To {
			joined[last] = joined[last].Join(b)
			continue
		}
		joined = append(joined, b)
	}
	return joined
}

// joinIntervals adds up the intervals of all processes, of the longest length that any
// of them has.
func (r *Run) joinIntervals() {
	r.ReadLag = &histogram.Distribution{}
	length := int64(0)
	for _, f := range r.Files {
		length = max(length, f.Intervals.Length)
	}
	r.Intervals.Length = length
	byStart := make(map[int64]*result.Interval)
	for _, f := range r.Files {
		own := make(map[int64]*result.Interval) // the process's own, lengthened
		for _, i := range f.Intervals.List {
			start := i.Start / length * length
			if own[start] == nil {
				own[start] = &result.Interval{Start: start}
			}
			own[start].Connections, own[start].Listening, own[start].ListeningOn = i.Connections, i.Listening, i.ListeningOn
			addInterval(own[start], i)
			if i.ReadLag != nil {
				r.ReadLag.Merge(i.ReadLag)
			}
		}
		holdGauges(own, length)
		for start, i := range own {
			if byStart[start] == nil {
				byStart[start] = &result.Interval{Start: start, ListeningOn: make(map[string]int64)}
			}
			byStart[start].Connections += i.Connections
			byStart[start].Listening += i.Listening
			for gateway, n := range i.ListeningOn {
				byStart[start].ListeningOn[gateway] += n
			}
			addInterval(byStart[start], i)
		}
	}
	for _, start := range slices.Sorted(maps.Keys(byStart)) {
		r.Intervals.List = append(r.Intervals.List, byStart[start])
	}
}

// holdGauges fills the gaps that a process left that stood still: its connections were open
// meanwhile.
func holdGauges(own map[int64]*result.Interval, length int64) {
	starts := slices.Sorted(maps.Keys(own))
	for at := 1; at < len(starts); at++ {
		before := own[starts[at-1]]
		for start := starts[at-1] + length; start < starts[at] && len(own) < mostIntervals; start += length {
			own[start] = &result.Interval{
				Start: start, Connections: before.Connections, Listening: before.Listening, ListeningOn: before.ListeningOn,
			}
		}
	}
}

// mostIntervals bounds what is filled in, whatever a file says of its times. No process has as
// many by itself.
const mostIntervals = 1000

// addInterval adds what happened, but not the gauges.
func addInterval(to, i *result.Interval) {
	to.Opened += i.Opened
	to.Failed += i.Failed
	to.Closed += i.Closed
	to.Errors += i.Errors
	if i.ReadLag != nil {
		if to.ReadLag == nil {
			to.ReadLag = &histogram.Distribution{}
		}
		to.ReadLag.Merge(i.ReadLag)
	}
}
