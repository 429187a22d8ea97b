package pushgw

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/rollcall"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// rollcalls is what a process's calls have in common of the barriers of a distributed test.
// The zero value is ready for use.
type rollcalls struct {
	last atomic.Uint32 // number of the latest roll

	mu        sync.Mutex
	audiences map[*ledger.Audience]*rollcallAudience
}

// rollcallAudience is an audience in which processes call rolls and answer them.
type rollcallAudience struct {
	audience *ledger.Audience
	answers  rollcall.Answers       // of this process
	waiting  map[*rollCall]struct{} // this process's barriers, under the lock of rollcalls
}

// to returns the roll calls' side of an audience.
func (r *rollcalls) to(a *ledger.Audience) *rollcallAudience {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.toLocked(a)
}

// toLocked is to, with the lock held.
func (r *rollcalls) toLocked(a *ledger.Audience) *rollcallAudience {
	to := r.audiences[a]
	if to == nil {
		if r.audiences == nil {
			r.audiences = make(map[*ledger.Audience]*rollcallAudience)
		}
		to = &rollcallAudience{audience: a, waiting: make(map[*rollCall]struct{})}
		r.audiences[a] = to
	}
	return to
}

// add has a roll call get the answers that anybody hears until remove is called. That reports
// whether no other waits in the audience; further calls return the same.
func (r *rollcalls) add(call *rollCall) (remove func() (last bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := r.toLocked(call.to).waiting
	waiting[call] = struct{}{}
	return sync.OnceValue(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(waiting, call)
		return len(waiting) == 0
	})
}

// answered passes on an answer that was heard in an audience.
func (r *rollcalls) answered(a *ledger.Audience, p *stamp.Present, arrived time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to := r.audiences[a]; to != nil {
		for call := range to.waiting {
			call.hear(p, arrived)
		}
	}
}

// standing returns how the listeners of a roster stand, in an audience if it isn't nil, and
// two channels of which either tells when that changes. How many of an audience are still to
// come isn't known, so that is how many of the roster.
func standing(roster *ledger.Roster, audience *ledger.Audience) (count ledger.Count, changed, also <-chan struct{}) {
	count, changed = roster.Watch()
	if audience != nil {
		var members ledger.Count
		members, also = audience.Watch()
		count.Ready, count.Confirmed, count.CutOff = members.Ready, members.Confirmed, members.CutOff
	}
	return count, changed, also
}

// countOf is the count that processes tell each other.
func countOf(c *ledger.Count) rollcall.Count {
	return rollcall.Count{
		Ready: c.Ready, Confirmed: c.Confirmed, Failed: c.Failed, CutOff: c.CutOff,
		Left: max(0, c.Left-c.CutOff), Coming: c.Connecting + c.Planned,
	}
}
