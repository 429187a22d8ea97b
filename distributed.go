package pushgw

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/doctor"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// joinRun has the ledger know of which test this process is a part, now that a script has
// called a method and k6's options are known.
func (p *process) joinRun(state *lib.State) {
	p.joined.Do(func() {
		run := runOf(&state.Options, p.lookupEnv, p.ledger.ClockOffset())
		p.ledger.SetRun(run)
		if state.Options.ExecutionSegment != nil && state.Options.ExecutionSegmentSequence == nil {
			state.Logger.Warnf("pushgw: --execution-segment is given without --execution-segment-sequence, so this process takes itself for number %d of %d, "+
				"and k6 may share the VUs out wrongly: give all processes of the test the same sequence", run.Process, run.Processes)
		}
	})
}

// runOf returns of which test a process is a part. The test is distributed if k6's execution
// segments say so, or PUSHGW_RUN, which separate tests can share.
func runOf(options *lib.Options, lookupEnv func(string) (string, bool), offset time.Duration) ledger.Run {
	id := result.Identify(options, lookupEnv)
	named, _ := lookupEnv("PUSHGW_RUN")
	secret, _ := lookupEnv("PUSHGW_SECRET")
	distributed := id.Processes > 1 || named != ""
	if distributed && id.Processes == 1 {
		// Nobody knows how many there are, and their numbers only tell them apart.
		id.Process, id.Processes = 1+rand.IntN(1<<16-1), 0
	}
	run := ledger.Run{
		ID:      hash(id.Run),
		Process: uint16(min(id.Process, 1<<16-1)), Processes: uint16(min(id.Processes, 1<<16-1)), //nolint:gosec // not negative
		Distributed: distributed, Secret: []byte(secret),
	}
	if clock, err := doctor.LocalMachine().Clock(); err == nil && clock.Synchronised {
		run.ClockError = clock.MaxError + offset.Abs() // a test's clock is wrong by so much more
	}
	return run
}

func hash(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return h.Sum32()
}
