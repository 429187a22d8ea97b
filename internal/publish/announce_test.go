package publish

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// recorded is a broadcaster that remembers what it sent and when. Fails says which
// broadcasts can't be sent, counted from 0.
type recorded struct {
	t      *testing.T
	began  time.Time
	fails  func(i int) error
	stamps int
	tokens []stamp.Control
	told   []time.Duration
	order  string // s for a stamp, c for a token
}

func (r *recorded) Send(_ context.Context, text string) error {
	found, rest, damaged, ok := stamp.Next([]byte(text))
	require.True(r.t, ok)
	require.Zero(r.t, len(rest)+damaged)
	if found.Control == nil {
		r.order += "s"
		r.stamps++
		return r.fails(r.stamps - 1)
	}
	token, err := stamp.ReadControl(found.Control, []byte("secret"))
	require.NoError(r.t, err)
	r.order += "c"
	r.tokens, r.told = append(r.tokens, token), append(r.told, time.Since(r.began))
	return errors.New("nobody is told of this")
}

func (r *recorded) Ended() <-chan struct{} { return nil }

func (r *recorded) Close() {}

// announced runs a plan in a distributed test, of which listeners hear nothing.
func announced(ctx context.Context, t *testing.T, plan Plan, settle time.Duration, listening int, fails func(i int) error) *recorded {
	t.Helper()
	audience := ledger.New().Audience(ledger.Name{})
	for range listening {
		listener(audience)
	}
	r := &recorded{t: t, began: time.Now(), fails: fails}
	plan.Test = ledger.Run{ID: 5, Distributed: true, Secret: []byte("secret")}
	plan.run(ctx, audience, settle, r, func(error) {})
	return r
}

func sendable(int) error { return nil }

// A series begins with an opening and ends with three closings, the last when it has
// settled.
func TestSeriesAreAnnounced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		listening int
		settle    time.Duration
		told      []time.Duration
	}{
		"that settle late": {1, 5 * time.Second, seconds(0, 2, 3, 7)},
		"that settle soon": {0, 5 * time.Second, seconds(0, 2, 3, 4)},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := announced(t.Context(), t, Plan{Count: 3, Rate: 1}, test.settle, test.listening, sendable)
			require.Equal(t, "csssccc", r.order, name)
			require.Equal(t, test.told, r.told, name)
			opening, ok := r.tokens[0].(*stamp.Opening)
			require.True(t, ok)
			require.EqualValues(t, 3, opening.Planned)
			for i, token := range r.tokens[1:] {
				closing, ok := token.(*stamp.Closing)
				require.True(t, ok)
				require.Equal(t, []any{true, uint32(i + 1), uint32(3), uint32(3)}, []any{closing.Final, closing.Number, closing.Last, closing.End})
			}
		})
	}
}

// What could not be sent is told soon, and no more than once a second.
func TestRetractionsAreAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := announced(t.Context(), t, Plan{Count: 16, Rate: 4}, time.Second, 0, func(i int) error {
			if i == 1 || i == 2 || i == 12 {
				return errSend
			}
			return nil
		})
		require.Equal(t, "c"+"ss"+"c"+"sss"+"c"+"ssssssss"+"c"+"sss"+"ccc", r.order)
		var ranges [][]stamp.Range
		for _, token := range r.tokens[1:] {
			closing, ok := token.(*stamp.Closing)
			require.True(t, ok)
			ranges = append(ranges, closing.Retracted)
		}
		all := []stamp.Range{{First: 2, Last: 3}, {First: 13, Last: 13}}
		require.Equal(t, [][]stamp.Range{{{First: 2, Last: 2}}, {{First: 2, Last: 3}}, all, all, all, all}, ranges)
	})
}

// Nothing is announced once the test has ended, or in a test of one process.
func TestWhatIsNotAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		r := announced(ctx, t, Plan{Count: 9, Rate: 1}, time.Second, 1, sendable)
		require.Equal(t, "css", r.order)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		r := announced(ctx, t, Plan{Count: 1}, time.Hour, 1, sendable)
		require.Equal(t, "csc", r.order)
	})
}

// A series whose broadcasts are far apart says how far it has come in between.
func TestSeriesGiveSignsOfLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := announced(t.Context(), t, Plan{Count: 3, Rate: 1. / 50}, time.Second, 0, sendable)
		require.Equal(t, "c"+"s"+"cc"+"s"+"cc"+"s"+"ccc", r.order)
		require.Equal(t, seconds(0, 20, 40, 70, 90, 100, 101, 102), r.told)
		var lasts []uint32
		for _, token := range r.tokens[1:5] {
			closing, ok := token.(*stamp.Closing)
			require.True(t, ok)
			require.False(t, closing.Final)
			require.EqualValues(t, 3, closing.End)
			lasts = append(lasts, closing.Last)
		}
		require.Equal(t, []uint32{1, 1, 2, 2}, lasts)
	})
	synctest.Test(t, func(t *testing.T) {
		r := announced(t.Context(), t, Plan{Count: 3, Rate: 1. / 20}, time.Second, 0, sendable)
		require.Equal(t, "cs"+"s"+"s"+"ccc", r.order, "broadcasts are signs of life")
	})
}

// echoing is a broadcaster whose tokens come back after a while.
type echoing struct {
	*recorded
	after  time.Duration
	echoes chan stamp.Control
}

func (e *echoing) Send(ctx context.Context, text string) error {
	tokens := len(e.tokens)
	err := e.recorded.Send(ctx, text)
	for _, token := range e.tokens[tokens:] {
		time.AfterFunc(e.after, func() { e.echoes <- token })
	}
	return err
}

func (e *echoing) Echoes() <-chan stamp.Control { return e.echoes }

// The first broadcast waits until the opening is through, and the end until a closing is. What
// doesn't come back is waited for as long as any broadcast.
func TestSeriesWaitForTheirEcho(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after, began, ended time.Duration
	}{
		"at once":    {0, 0, 3 * time.Second},
		"after 4 s":  {4 * time.Second, 4 * time.Second, 9 * time.Second}, // the first closing, sent at 5 s
		"after 99 s": {99 * time.Second, 10 * time.Second, 23 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				audience := ledger.New().Audience(ledger.Name{})
				began := time.Now()
				var first time.Duration
				e := &echoing{recorded: &recorded{t: t, began: began}, after: test.after, echoes: make(chan stamp.Control, 9)}
				e.fails = func(i int) error {
					if i == 0 {
						first = time.Since(began)
					}
					return nil
				}
				plan := Plan{Count: 2, Rate: 1, Test: ledger.Run{ID: 5, Distributed: true, Secret: []byte("secret")}}
				plan.run(t.Context(), audience, 10*time.Second, e, func(error) {})
				require.Equal(t, test.began, first)
				require.Equal(t, test.ended, time.Since(began))
				require.Equal(t, "cssccc", e.order)
				time.Sleep(test.after) // until all has come back
			})
		})
	}
}
