package pushgw

import (
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
)

// relisten is what a client's listen() has to know of the one before: a scenario such as
// ramping-vus calls it again as soon as it ends.
type relisten struct {
	mu      sync.Mutex
	pause   *backoff.ExponentialBackOff // nil unless the last call ran out of connections
	missing *ledger.Places              // of listeners of earlier calls
}

// prepare has a call wait before it dials if the one before ran out of connections, so
// that a gateway that refuses isn't hammered.
func (r *relisten) prepare(plan *listen.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	plan.Replaces, r.missing = r.missing, nil
	if r.pause != nil {
		plan.Delay = r.pause.NextBackOff()
	}
}

func (r *relisten) after(s *listen.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missing = s.Missing.Move(r.missing)
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
