package pushgw

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/rollcall"
)

// timeoutError says who has not answered, and how the listeners stood.
func (r *rollCall) timeoutError(ctx context.Context, s *rollcall.Standing) error {
	if !errors.Is(context.Cause(ctx), errBarrierTimeout) {
		return ctx.Err()
	}
	own, _, _ := r.watch()
	return scriptErrorf(nameTimeoutError, "ready(): after %s, %s; %d of %d listeners%s%s%s", r.timeout, r.answered(s), s.Measure,
		r.neededOf(r.listeners), r.details(s), inVain(r.canaries, s.Confirmed, r.broadcaster), r.cause(&own))
}

// unreachableError says that too few listeners are ready in all processes.
func (r *rollCall) unreachableError(s *rollcall.Standing, own *ledger.Count) error {
	failure := failureOf(own)
	failure.err = fmt.Errorf("ready(): %s; %d of %d listeners, and no more can be%s%s",
		r.answered(s), s.Measure, r.neededOf(r.listeners), r.details(s), r.cause(own))
	return failure
}

// answered says how many processes have answered, and which haven't.
func (r *rollCall) answered(s *rollcall.Standing) string {
	if r.run.Processes == 0 {
		return fmt.Sprintf("%d processes answered", s.Answered)
	}
	text := fmt.Sprintf("%d of %d processes answered", s.Answered, r.run.Processes)
	if len(s.Missing) > 0 {
		text += " (missing: " + listed(s.Missing) + ")"
	}
	if s.Disagrees > 0 {
		text += fmt.Sprintf("; process %d says that the test has %d", s.Disagrees, s.Says)
	}
	return text
}

// listed is a list of numbers, of which very many are not all shown.
func listed(numbers []int) string {
	const most = 20
	texts := make([]string, 0, most)
	for _, n := range numbers[:min(len(numbers), most)] {
		texts = append(texts, fmt.Sprint(n))
	}
	text := strings.Join(texts, ", ")
	if more := len(numbers) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// details says what else is known of the listeners of all processes that have answered.
func (r *rollCall) details(s *rollcall.Standing) string {
	text := ""
	for _, d := range []struct {
		n    int
		what string
	}{{s.Coming, "are coming"}, {s.Failed, "failed"}, {s.CutOff, "were cut off"}, {s.Left, "left"}, {s.Ready - s.Measure, "are deaf"}} {
		if d.n > 0 {
			text += fmt.Sprintf(", %d %s", d.n, d.what)
		}
	}
	return text
}

// cause says why the first of this process's listeners failed; empty if none did.
func (r *rollCall) cause(own *ledger.Count) string {
	if own.FirstFailure == nil {
		return ""
	}
	return fmt.Sprintf("; the first here failed because: %v", own.FirstFailure)
}
