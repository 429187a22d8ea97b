package pushgw

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

// unreachableError says why too few listeners are ready, by the first that failed.
func (b *barrier) unreachableError(count ledger.Count) error {
	failure := failureOf(&count)
	left := ""
	if n := count.Left - count.CutOff; n > 0 && b.audience == nil {
		left = fmt.Sprintf(", %d left", n)
	}
	failure.err = fmt.Errorf("ready(): of %d listeners %d are ready, and no more can be: %d failed, %d were cut off%s%s",
		b.needed(count.LargestGroup), count.Ready, count.Failed, count.CutOff, left, b.cause(count))
	return failure
}

// failureOf is an error with the name of why the first listener failed.
func failureOf(count *ledger.Count) *scriptError {
	failure := &scriptError{name: nameConnectError}
	if count.FirstFailure != nil {
		failure.name, failure.code = named(count.FirstFailure).name, named(count.FirstFailure).code
	}
	return failure
}

// cause says why too few of the listeners are ready, as far as that is known; empty if all that
// is known is in the count.
func (b *barrier) cause(count ledger.Count) string {
	if b.audience == nil || count.Ready > 0 {
		return firstCause(count)
	}
	others := b.client.othersListening(b.audience)
	if others == "" {
		return firstCause(count)
	}
	return fmt.Sprintf("; no listener is in the audience %q; listeners of this process are ready in %s", b.audience.Name().Key, others)
}

// firstCause says why the first of the listeners failed, or that there was none; empty if
// all that is known is in the count.
func firstCause(count ledger.Count) string {
	switch {
	case count.FirstFailure != nil:
		return fmt.Sprintf("; the first failed because: %v", count.FirstFailure)
	case count == ledger.Count{LargestGroup: count.LargestGroup}:
		return "; no listen() of this process has listened here, to this room or with this subscription"
	default:
		return ""
	}
}

// timeoutError says how the listeners stood when the barrier's time was up; ready is
// how many fulfilled it, and those that were acknowledged and didn't are deaf. It is
// the context's own error where the iteration ended first. More is what else is to be said.
func (b *barrier) timeoutError(ctx context.Context, count ledger.Count, ready int, more string) error {
	if !errors.Is(context.Cause(ctx), errBarrierTimeout) {
		return ctx.Err()
	}
	return scriptErrorf(nameTimeoutError,
		"ready(): after %s, of %d listeners %d are ready, %d connecting, %d failed, %d left, %d deaf%s%s",
		b.timeout, b.needed(count.LargestGroup), ready, count.Connecting, count.Failed, count.Left, count.Ready-ready, more, b.cause(count))
}
