package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// when says when the lost deliveries were sent, and the missed ones.
func (r *Run) when() string {
	known := ""
	if len(r.Unknown) > 0 {
		known = " that are known"
	}
	var parts []string
	if at := r.whenSent((*result.Broadcast).Lost); at != "" {
		parts = append(parts, "The lost ones"+known+" were sent "+at)
	}
	if at := r.whenSent(func(b *result.Broadcast) int64 { return b.Missed }); at != "" {
		parts = append(parts, "The missed ones"+known+" were sent "+at)
	}
	return strings.Join(parts, ". ")
}

// whenSent says from when to when all of what is counted was sent, and where nine tenths of it
// were sent in a much shorter time, in which.
func (r *Run) whenSent(count func(*result.Broadcast) int64) string {
	var all []result.Broadcast
	for _, s := range r.Gateways {
		for at := range s.Broadcasts {
			if count(&s.Broadcasts[at]) > 0 {
				all = append(all, s.Broadcasts[at])
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.SortFunc(all, func(a, b result.Broadcast) int { return cmp.Compare(a.SentFirst, b.SentFirst) })
	text, most := timesOf(all), densest(all, count)
	length := func(broadcasts []result.Broadcast) time.Duration {
		return sentUntil(broadcasts).Sub(sentFrom(broadcasts))
	}
	began, ended := r.broadcasting()
	switch {
	case length(most) <= length(all)*8/10 && timesOf(most) != text:
		return text + ", nine in ten of them " + timesOf(most)
	case length(all) > ended.Sub(began)*8/10:
		return "throughout the broadcasts, " + text
	default:
		return text
	}
}

// densest returns those of the broadcasts, which are in the order of their times, that have nine
// tenths of what is counted in as short a time as possible.
func densest(all []result.Broadcast, count func(*result.Broadcast) int64) []result.Broadcast {
	total, within := int64(0), int64(0)
	for at := range all {
		total += count(&all[at])
	}
	need, shortest, length := total-total/10, all, int64(math.MaxInt64)
	for begin, end := 0, 0; begin < len(all); begin++ {
		for ; end < len(all) && within < need; end++ {
			within += count(&all[end])
		}
		if within < need {
			break
		}
		if took := all[end-1].SentLast - all[begin].SentFirst; took < length {
			shortest, length = all[begin:end], took
		}
		within -= count(&all[begin])
	}
	return shortest
}

// sentFrom is when the first of the broadcasts was sent.
func sentFrom(all []result.Broadcast) time.Time { return time.UnixMilli(all[0].SentFirst) }

// sentUntil is when the last of them was sent.
func sentUntil(all []result.Broadcast) time.Time {
	last := all[0].SentLast
	for _, b := range all {
		last = max(last, b.SentLast)
	}
	return time.UnixMilli(last)
}

// timesOf is when broadcasts were sent, as text.
func timesOf(all []result.Broadcast) string {
	first, last := clockTime(sentFrom(all)), clockTime(sentUntil(all))
	if first == last {
		return "at " + first
	}
	return "from " + first + " to " + last
}

// broadcasting is from the first broadcast to the last.
func (r *Run) broadcasting() (began, ended time.Time) {
	for _, s := range r.Gateways {
		for _, b := range s.Broadcasts {
			first, last := time.UnixMilli(b.SentFirst), time.UnixMilli(b.SentLast)
			if began.IsZero() || first.Before(began) {
				began = first
			}
			if last.After(ended) {
				ended = last
			}
		}
	}
	return began, ended
}
