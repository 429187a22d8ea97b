package publish

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/sleep"
)

// run sends a series to an audience, and returns what became of it.
func (p *Plan) run(ctx context.Context, to *ledger.Audience, settle time.Duration, b Broadcaster, failed func(error)) ledger.Result {
	series := to.OpenSeries(p.Count, settle)
	p.Run(ctx, series, b, failed)
	return series.Close()
}

func never(t *testing.T) func(error) {
	t.Helper()
	return func(err error) { t.Error("a broadcast could not be sent: ", err) }
}

// Broadcasts are sent at their pace and dated as they were due: one that is late because
// another took too long is dated before it was sent.
func TestPlanKeepsToItsSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		audience := ledger.New().Audience(ledger.Name{})
		f := newFake(t, func(_ context.Context, i int) error {
			if i == 1 {
				time.Sleep(1200 * time.Millisecond)
			}
			return nil
		})
		plan := Plan{Count: 5, Rate: 2}
		result := plan.run(t.Context(), audience, 0, f, never(t))
		require.Equal(t, 5, result.Sent)
		require.Equal(t, seconds(0, 0.5, 1, 1.5, 2), f.dated)
		require.Equal(t, seconds(0, 0.5, 1.7, 1.7, 2), f.sent)
	})
}

// Without a rate each is sent as soon as the one before it was, and dated then.
func TestPlanWithoutRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(context.Context, int) error {
			time.Sleep(time.Second)
			return nil
		})
		plan := Plan{Count: 3}
		result := plan.run(t.Context(), ledger.New().Audience(ledger.Name{}), 0, f, never(t))
		require.Equal(t, 3, result.Sent)
		require.Equal(t, seconds(0, 1, 2), f.dated)
		require.Equal(t, seconds(0, 1, 2), f.sent)
		for i, s := range f.stamps {
			require.Equal(t, uint32(i+1), s.Sequence)
			require.False(t, s.Canary)
		}
	})
}

// A clock that is wrong changes what is stamped, not when it is sent.
func TestPlanWithAClockOffset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(context.Context, int) error { return nil })
		plan := Plan{Count: 2, Rate: 1}
		l := ledger.New()
		l.SetClockOffset(-3 * time.Second)
		plan.run(t.Context(), l.Audience(ledger.Name{}), 0, f, never(t))
		require.Equal(t, seconds(-3, -2), f.dated)
		require.Equal(t, seconds(0, 1), f.sent)
	})
}

// The account is closed when nothing has been heard for as long as settle says, and
// whoever leaves later has lost what was sent.
func TestPlanSettles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := ledger.New()
		audience := l.Audience(ledger.Name{})
		members := make([]*ledger.Listener, 3)
		for i := range members {
			members[i] = listener(audience)
		}
		f := newFake(t, func(context.Context, int) error { return nil })
		time.AfterFunc(5*time.Second, func() { // is after the first was lost, before the second is sent
			members[0].Leave(ledger.Local)
		})
		time.AfterFunc(11*time.Second, func() { // the second is still waited for
			l.Deliver(members[1].Member(0), f.stamps[1], time.Now())
		})
		plan := Plan{Count: 2, Rate: 0.1}
		result := plan.run(t.Context(), audience, 3*time.Second, f, never(t))
		require.Equal(t, 14*time.Second, time.Since(f.began).Truncate(100*time.Millisecond), "three seconds after the delivery")
		require.Equal(t, int64(5), result.Expected)
		require.Equal(t, int64(1), result.Received)
		require.Equal(t, int64(4), result.Lost)
		require.Zero(t, result.Indeterminate)
		require.Equal(t, ledger.Fanout{First: time.Second, Last: time.Second}, result.Slowest)
	})
}

// What could not be sent is expected by nobody, and told.
func TestPlanThatCannotSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		audience := ledger.New().Audience(ledger.Name{})
		listener(audience)
		f := newFake(t, func(_ context.Context, i int) error {
			if i%2 == 0 {
				return errSend
			}
			return nil
		})
		var failed []error
		plan := Plan{Count: 5, Rate: 1}
		result := plan.run(t.Context(), audience, time.Second, f, func(err error) { failed = append(failed, err) })
		require.Equal(t, []error{errSend, errSend, errSend}, failed)
		require.Equal(t, 5, result.Planned)
		require.Equal(t, 2, result.Sent)
		require.Equal(t, 3, result.Unsent)
		require.Equal(t, seconds(0, 1, 2, 3, 4), f.sent, "a failure doesn't change the schedule")
		require.Equal(t, int64(2), result.Expected)
		require.Equal(t, int64(2), result.Lost)
		require.Len(t, f.stamps, 5)
	})
}

// Whether one was sent when the context ended isn't known, so it counts as sent and
// nothing is lost. None is sent after it.
func TestPlanThatIsStopped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rate float64
		sent int
	}{"while sending": {0, 3}, "while waiting": {0.2, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				audience := ledger.New().Audience(ledger.Name{})
				listener(audience)
				ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
				defer cancel()
				f := newFake(t, func(ctx context.Context, _ int) error { return sleep.For(ctx, time.Second) })
				plan := Plan{Count: 9, Rate: c.rate}
				result := plan.run(ctx, audience, time.Minute, f, never(t))
				require.Equal(t, 2500*time.Millisecond, time.Since(f.began))
				require.Len(t, f.stamps, c.sent)
				require.Equal(t, c.sent, result.Sent)
				require.Equal(t, 9, result.Planned)
				require.Equal(t, 9-c.sent, result.Unsent)
				require.Equal(t, int64(c.sent), result.Indeterminate)
				require.Zero(t, result.Lost)
			})
		})
	}
}

// One that is overdue isn't sent either once the context has ended.
func TestPlanThatIsStoppedWhenItIsLate(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 1000} {
		for range 20 { // a choice between two that are ready would be made at random
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				f := newFake(t, func(context.Context, int) error {
					time.Sleep(time.Second)
					return errSend
				})
				plan := Plan{Count: 3, Rate: rate}
				result := plan.run(ctx, ledger.New().Audience(ledger.Name{}), 0, f, func(error) { cancel() })
				require.Zero(t, result.Sent)
				require.Len(t, f.stamps, 1)
			})
		}
	}
}

// When nothing more can be sent, however many are planned, the rest isn't attempted.
func TestPlanThatCannotSendAnyMore(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 1} {
		t.Run(fmt.Sprint("rate ", rate), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				audience := ledger.New().Audience(ledger.Name{})
				listener(audience)
				f := newFake(t, func(_ context.Context, i int) error {
					if i < 2 {
						return nil
					}
					return fmt.Errorf("sending: %w", &FinalError{Err: errSend})
				})
				var failed []error
				plan := Plan{Count: 1e9, Rate: rate}
				result := plan.run(t.Context(), audience, 3*time.Second, f, func(err error) { failed = append(failed, err) })
				require.Len(t, f.stamps, 3)
				require.Len(t, failed, 1)
				require.ErrorIs(t, failed[0], errSend)
				require.EqualError(t, failed[0], "sending: as it was told to")
				require.Equal(t, 1_000_000_000, result.Planned)
				require.Equal(t, 2, result.Sent)
				require.Equal(t, 1_000_000_000-2, result.Unsent)
				require.Equal(t, int64(2), result.Expected)
				require.Equal(t, f.sent[1]+3*time.Second, time.Since(f.began).Truncate(100*time.Millisecond), "what was sent is waited for")
			})
		})
	}
}

// A broadcaster that has ended isn't waited for until the next broadcast is due.
func TestPlanWhoseBroadcasterEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(_ context.Context, i int) error {
			if i == 0 {
				return nil
			}
			return &FinalError{Err: errSend}
		})
		f.ended = make(chan struct{})
		time.AfterFunc(1500*time.Millisecond, func() { close(f.ended) })
		var failed []error
		plan := Plan{Count: 100, Rate: 0.1}
		result := plan.run(t.Context(), ledger.New().Audience(ledger.Name{}), 0, f, func(err error) { failed = append(failed, err) })
		require.Equal(t, seconds(0, 1.5), f.sent)
		require.Equal(t, []error{&FinalError{Err: errSend}}, failed, "its error tells why")
		require.Equal(t, 1, result.Sent)
		require.Equal(t, 99, result.Unsent)
	})
}

// Where no rate says how fast, failures are followed by pauses that grow, and a success
// makes them short again.
func TestPlanPausesAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const succeeds = 25
		f := newFake(t, func(_ context.Context, i int) error {
			if i == succeeds || i == succeeds+1 {
				return nil
			}
			return errSend
		})
		failed := 0
		plan := Plan{Count: succeeds + 4}
		result := plan.run(t.Context(), ledger.New().Audience(ledger.Name{}), 0, f, func(error) { failed++ })
		require.Equal(t, 2, result.Sent)
		require.Equal(t, succeeds+2, result.Unsent)
		require.Equal(t, succeeds+2, failed)
		pause := func(i int) time.Duration { return f.sent[i+1] - f.sent[i] }
		mean := 50 * time.Millisecond
		for i := range succeeds {
			require.GreaterOrEqual(t, pause(i), mean/2, i)
			require.LessOrEqual(t, pause(i), mean*3/2, i)
			mean = min(mean*3/2, 5*time.Second)
		}
		require.Equal(t, 5*time.Second, mean)
		require.Zero(t, pause(succeeds), "no pause after a success")
		require.Zero(t, pause(succeeds+1))
		require.GreaterOrEqual(t, pause(succeeds+2), 25*time.Millisecond)
		require.LessOrEqual(t, pause(succeeds+2), 75*time.Millisecond)
	})
}

// A rate is kept to, whatever fails.
func TestPlanWithARateMakesNoPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(context.Context, int) error { return errSend })
		plan := Plan{Count: 5, Rate: 200}
		plan.run(t.Context(), ledger.New().Audience(ledger.Name{}), 0, f, func(error) {})
		require.Equal(t, seconds(0, 0.005, 0.01, 0.015, 0.02), f.sent)
	})
}

// A pause doesn't outlast the context.
func TestPlanThatIsStoppedInAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		f := newFake(t, func(context.Context, int) error { return errSend })
		failed := 0
		plan := Plan{Count: 1e9}
		result := plan.run(ctx, ledger.New().Audience(ledger.Name{}), 0, f, func(error) { failed++ })
		require.Equal(t, 20*time.Second, time.Since(f.began))
		require.Equal(t, len(f.stamps), failed)
		require.Zero(t, result.Sent)
		require.Equal(t, 1_000_000_000, result.Unsent)
	})
}

func TestFinalError(t *testing.T) {
	t.Parallel()
	err := &FinalError{Err: errSend}
	require.EqualError(t, err, errSend.Error())
	require.Equal(t, errSend, errors.Unwrap(err))
}
