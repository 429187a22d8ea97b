package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// checkProcesses says which processes are missing or have left files that don't go together.
// Where nobody knew how many processes there are, nobody
// knows of a missing one.
func (r *Run) checkProcesses(torn map[string]bool) {
	if r.numbersDiffer() {
		return
	}
	for process := 1; process <= r.Processes; process++ {
		if slices.ContainsFunc(r.Files, func(f *result.File) bool { return f.Process == process && f.Processes > 0 }) {
			continue
		}
		r.Missing = append(r.Missing, process)
		file := "no file"
		if torn[(result.Identity{Run: r.Name, Process: process, Processes: r.Processes}).Name()] {
			file = "no file that can be used"
		}
		r.incomplete(fmt.Sprintf("process %d of %d has left %s", process, r.Processes, file), ": what its listeners received and lost isn't known")
	}
}

// numbersDiffer reports whether the files say different numbers of processes, and says so. k6
// makes that number of one segment where it wasn't given the sequence of all.
func (r *Run) numbersDiffer() bool {
	var numbers []string
	for _, f := range r.Files {
		if n := fmt.Sprint(f.Processes); f.Processes > 0 && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) < 2 {
		return false
	}
	slices.Sort(numbers)
	r.differ, r.mixed = true, true
	r.incomplete("the files are of "+list(numbers)+" processes",
		": they are of several runs, or the processes weren't given the same --execution-segment-sequence")
	return true
}

// incomplete says why a run is, in a few words and the rest of a sentence.
func (r *Run) incomplete(why, rest string) {
	r.Incomplete = true
	r.broken = append(r.broken, why)
	r.unknown("%s", why+rest)
}

// checkStarts says which processes were killed, and which files can't be the last of their
// process in this run.
func (r *Run) checkStarts() {
	for _, f := range r.Files {
		written := f.LastKnown()
		if f.State != result.Ended {
			written = written.Add(result.WriteEvery) // until then it may have lived
			r.neverEnded(f)
		}
		if f.Conclusion != nil && f.Conclusion.Aborted() {
			continue // it can have been over before the others began
		}
		for _, other := range r.Files {
			if written.Before(other.Started) {
				r.mixed = true
				r.incomplete(fmt.Sprintf("process %d had ended before process %d began", f.Process, other.Process),
					": its file may be left from an earlier run")
				break
			}
		}
	}
}

// neverEnded says what isn't known of a process that hasn't ended.
func (r *Run) neverEnded(f *result.File) {
	r.Incomplete = true
	r.broken = append(r.broken, fmt.Sprintf("process %d %s", f.Process, r.killed(f)))
	if !r.outlived(f) {
		r.unknown("process %d was killed, or is still running: its file was last written at %s, and %s",
			f.Process, clockTime(f.Written), r.told(f))
		return
	}
	which := ""
	if publishes(f) {
		which = ", which published,"
	}
	r.unknown("process %d%s was killed between %s, when its file was last written, and %s: %s",
		f.Process, which, clockTime(f.Written), clockTime(f.Written.Add(result.WriteEvery)), r.told(f))
}

// told says of which broadcasts the file of a process that hasn't ended tells. Those aren't
// in it that weren't settled when it was written.
func (r *Run) told(f *result.File) string {
	told, sent, last := int64(0), int64(0), int64(0)
	for _, a := range f.Accounts {
		told += count(a.Broadcasts)
		for _, b := range a.Broadcasts {
			last = max(last, b.SentLast)
		}
	}
	known := true
	for of, n := range r.sent() {
		sent += n
		known = known && r.toldAll(of)
	}
	switch {
	case sent == 0:
		return "what happened in it from then on isn't known"
	case told == 0:
		return "it has no account of any broadcast, so what its listeners received and lost isn't known"
	}
	of := plural(told, "broadcast", "broadcasts")
	switch {
	case known && told >= sent:
		return fmt.Sprintf("it has an account of all %s; what happened in it from then on isn't known", of)
	case known:
		of = fmt.Sprintf("%s of the %s", number(told), plural(sent, "broadcast", "broadcasts"))
	}
	return fmt.Sprintf("it has an account of %s, the last sent at %s, and what its listeners received and lost of the others isn't known",
		of, clockTime(time.UnixMilli(last)))
}

// sent is how many broadcasts of each origin are in an account. Each process knows of some of a
// block, the publisher of all.
func (r *Run) sent() map[result.Origin]int64 {
	sent := make(map[result.Origin]int64)
	for _, f := range r.Files {
		for _, a := range f.Accounts {
			sent[a.Origin] = max(sent[a.Origin], count(a.Broadcasts))
		}
	}
	return sent
}

// killed is what became of a process that hasn't ended.
func (r *Run) killed(f *result.File) string {
	if r.outlived(f) {
		return "was killed"
	}
	return "was killed, or is still running"
}

// outlived reports whether others went on for so long after a process last wrote its file that
// it can't have lived.
func (r *Run) outlived(f *result.File) bool {
	return r.Ended.After(f.Written.Add(2 * result.WriteEvery))
}

func (r *Run) unknown(format string, args ...any) {
	r.Unknown = append(r.Unknown, fmt.Sprintf(format, args...))
}

// checkAccounts says of which broadcasts the losses aren't known.
func (r *Run) checkAccounts() {
	for _, publisher := range r.Files {
		for _, a := range publisher.Accounts {
			if a.Local && len(a.Broadcasts) > 0 {
				r.checkListeners(publisher, a)
			}
		}
	}
	for _, f := range r.Files {
		if f.NotRecorded > 0 {
			r.unknown("process %d received %s deliveries from more publishers than it tells apart", f.Process, number(f.NotRecorded))
		}
		for _, a := range f.Accounts {
			if r.unclosed(a) > 0 {
				which := "the last broadcasts"
				if beyond, known := r.beyond(a); known {
					which = plural(beyond, "broadcast", "broadcasts") + " that it has no account of"
				}
				before := ""
				if f.Conclusion != nil && f.Conclusion.Aborted() {
					before = ", because it was aborted before"
				}
				r.unknown("process %d never heard the end of %s%s: what its listeners lost of %s isn't known",
					f.Process, r.broadcastsOf(a), before, which)
			}
			if !a.Local && a.ID != "" && r.publisher(a.Origin) == nil {
				r.unknown("process %d received %s deliveries of %s, and no file says which process sent them",
					f.Process, number(a.Heard.First), r.broadcastsOf(a))
			}
		}
	}
}

// unclosed is the number of series of an account whose end was not heard, unless the
// publisher's file shows that the account has all that was sent.
func (r *Run) unclosed(a *result.Account) int64 {
	if n, known := r.beyond(a); known && n == 0 {
		return 0
	}
	return a.Unclosed
}

// beyond returns how many broadcasts were sent that an account hasn't, and whether that is
// known: the publisher has ended and its file has all of them. As many broadcasts are the
// same if they have the same first and last.
func (r *Run) beyond(a *result.Account) (n int64, known bool) {
	publisher := r.publisher(a.Origin)
	if publisher == nil || publisher.State != result.Ended {
		return 0, false
	}
	sent, heard := accountOf(publisher, a.Origin), a.Broadcasts
	n = count(sent.Broadcasts) - count(heard)
	if count(sent.Broadcasts) != sent.Planned-sent.Unsent || n < 0 {
		return 0, false
	}
	same := len(heard) > 0 && heard[0].From == sent.Broadcasts[0].From &&
		heard[len(heard)-1].To == sent.Broadcasts[len(sent.Broadcasts)-1].To
	return n, n > 0 || same
}

// checkListeners says which other processes can't tell what they lost of an account's
// broadcasts.
func (r *Run) checkListeners(publisher *result.File, of *result.Account) {
	for _, f := range r.Files {
		heard := accountOf(f, of.Origin)
		switch {
		case f == publisher || heard != nil && len(heard.Broadcasts) > 0:
		case heard != nil:
			r.unknown("process %d received %s deliveries of the broadcasts of process %d and keeps no account of them: what it lost isn't known",
				f.Process, number(heard.Heard.First), publisher.Process)
		case listened(f, of.Gateway):
			r.unknown("process %d had listeners on %s and heard none of the broadcasts of process %d: if they were due, all are lost",
				f.Process, of.Gateway, publisher.Process)
		}
	}
}

// listened reports whether a process had listeners on that gateway.
func listened(f *result.File, gateway string) bool { return mostListenersOn(f.Intervals, gateway) > 0 }

// mostListenersOn is how many listeners were ready on a gateway at most.
func mostListenersOn(is result.Intervals, gateway string) (most int64) {
	for _, i := range is.List {
		most = max(most, i.ListeningOn[gateway])
	}
	return most
}

// mostListeners is how many were ready at most, on all gateways.
func mostListeners(is result.Intervals) (most int64) {
	for _, i := range is.List {
		most = max(most, i.Listening)
	}
	return most
}

// publisher returns the file of the process that has the origin, nil if there is none.
func (r *Run) publisher(of result.Origin) *result.File {
	for _, f := range r.Files {
		if a := accountOf(f, of); a != nil && a.Local {
			return f
		}
	}
	return nil
}

func accountOf(f *result.File, of result.Origin) *result.Account {
	for _, a := range f.Accounts {
		if a.Origin == of {
			return a
		}
	}
	return nil
}

// broadcastsOf names an account's broadcasts by their publisher, if that is known.
func (r *Run) broadcastsOf(a *result.Account) string {
	if publisher := r.publisher(a.Origin); publisher != nil {
		return fmt.Sprintf("process %d's broadcasts", publisher.Process)
	}
	return "the broadcasts of origin " + a.ID
}
