package pushgw

import (
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// relisten is what a client's listen() has to know of the one before: a scenario such as
// ramping-vus calls it again as soon as it ends.
type relisten struct {
	mu     sync.Mutex
	pause  *backoff.ExponentialBackOff // nil unless the last call ran out of connections
	cutOff int                         // listeners of the last call that are still missing
}

// prepare has a call wait before it dials if the one before ran out of connections, so
// that a gateway that refuses isn't hammered.
func (r *relisten) prepare(plan *listen.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	plan.Replaces, r.cutOff = r.cutOff, 0
	if r.pause != nil {
		plan.Delay = r.pause.NextBackOff()
	}
}

func (r *relisten) after(s *listen.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cutOff += s.CutOff
	switch {
	case s.Opened == 0: // it ended while it still waited
	case !s.RanOut || s.Lasted > stableAfter:
		r.pause = nil
	case r.pause == nil:
		r.pause = backoff.NewExponentialBackOff()
		r.pause.MaxInterval = 30 * time.Second
	}
}

// stableAfter is how long connections have to last for the next call not to wait.
const stableAfter = time.Minute
