package publish

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// batches is a fake that sends several at once. Answer says what becomes of request i,
// counted from 0, on a goroutine of its own.
type batches struct {
	*fake

	requests [][]stamp.Stamp
	answer   func(ctx context.Context, i int) []error
}

func (b *batches) SendBatch(ctx context.Context, texts []string) <-chan []error {
	var stamps []stamp.Stamp
	for _, text := range texts {
		s, _, _, ok := stamp.Find([]byte(text))
		require.True(b.t, ok)
		stamps = append(stamps, s)
	}
	i := len(b.requests)
	b.requests = append(b.requests, stamps)
	answer := make(chan []error, 1)
	go func() { answer <- b.answer(ctx, i) }()
	return answer
}

func newBatches(t *testing.T, answer func(ctx context.Context, i int) []error) *batches {
	return &batches{fake: newFake(t, nil), answer: answer}
}

// run runs a plan to an audience of one listener, which hears nothing.
func (b *batches) run(ctx context.Context, p Plan) (ledger.Result, []error) {
	audience := ledger.New().Audience(ledger.Name{})
	listener(audience)
	var failures []error
	result := p.run(ctx, audience, 0, b, func(err error) { failures = append(failures, err) })
	return result, failures
}

// The broadcasts of a batch are due together, so that the rate is still that of broadcasts.
// The last batch has what is left.
func TestBatchesKeepToTheSchedule(t *testing.T) {
	t.Parallel()
	b := newBatches(t, func(context.Context, int) []error { return nil })
	began := time.Now()
	result, failures := b.run(t.Context(), Plan{Count: 7, Rate: 60, Batch: 3})
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
	require.Empty(t, failures)
	require.Equal(t, 7, result.Sent)
	require.Len(t, b.requests, 3)
	sequence := b.requests[0][0].Sequence
	for i, size := range []int{3, 3, 1} {
		require.Len(t, b.requests[i], size)
		for _, s := range b.requests[i] {
			require.Equal(t, sequence, s.Sequence)
			sequence++
			require.Equal(t, b.requests[i][0].Sent, s.Sent)
		}
		due := b.requests[0][0].Sent.Add(time.Duration(i) * 50 * time.Millisecond)
		require.WithinDuration(t, due, b.requests[i][0].Sent, time.Millisecond)
	}
}

// What of a batch could not be sent is unsent, and nothing else of it.
func TestBatchesMayFailInPart(t *testing.T) {
	t.Parallel()
	b := newBatches(t, func(_ context.Context, i int) []error {
		return [][]error{{nil, errSend, nil}, {errSend, errSend, errSend}, {nil, nil, nil}}[i]
	})
	result, failures := b.run(t.Context(), Plan{Count: 9, Rate: 1000, Batch: 3})
	require.Equal(t, []error{errSend, errSend, errSend, errSend}, failures)
	require.Equal(t, 5, result.Sent)
	require.Equal(t, 4, result.Unsent)
	require.EqualValues(t, 5, result.Expected)
}

// A request is sent when it is due, though the one before has no answer yet.
func TestRequestsInFlight(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{})
	b := newBatches(t, func(_ context.Context, i int) []error {
		if i == 2 {
			close(sent)
		}
		<-sent // none has its answer before the third is sent
		return []error{nil}
	})
	result, failures := b.run(t.Context(), Plan{Count: 3, Rate: 1000, InFlight: 3})
	require.Empty(t, failures)
	require.Equal(t, 3, result.Sent)
}

// There are never more in flight than allowed, and never more than one without a rate.
func TestRequestsInFlightAreLimited(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 1e6} {
		allowed := 1
		if rate > 0 {
			allowed = 3
		}
		slots := make(chan struct{}, allowed)
		exceeded := errors.New("too many")
		b := newBatches(t, func(context.Context, int) []error {
			select {
			case slots <- struct{}{}:
			default:
				return []error{exceeded}
			}
			time.Sleep(2 * time.Millisecond)
			<-slots
			return []error{nil}
		})
		_, failures := b.run(t.Context(), Plan{Count: 20, Rate: rate, InFlight: 3})
		require.Empty(t, failures)
		require.Len(t, b.requests, 20)
	}
}

// When nothing more can be sent, what is in flight is still awaited.
func TestAFinalErrorEndsASeriesInFlight(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	final := &FinalError{Err: errSend}
	known, told := make(chan struct{}), make(chan struct{})
	b := newBatches(t, func(ctx context.Context, i int) []error {
		switch i {
		case 0:
			<-known
			return []error{final}
		case 2:
			close(known)
			select {
			case <-told:
			case <-ctx.Done():
			}
			return []error{errSend}
		}
		return []error{nil}
	})
	var failures []error
	plan := Plan{Count: 100, Rate: 100, InFlight: 3}
	result := plan.run(ctx, ledger.New().Audience(ledger.Name{}), 0, b, func(err error) {
		if failures = append(failures, err); len(failures) == 1 {
			close(told)
		}
	})
	require.Equal(t, []error{final, errSend}, failures)
	require.Less(t, len(b.requests), 100)
	require.Equal(t, len(b.requests)-2, result.Sent)
	require.Equal(t, 100, result.Sent+result.Unsent)
}

// What has no answer when the test ends counts as sent, because that isn't known.
func TestASeriesIsStoppedInFlight(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := newBatches(t, func(ctx context.Context, i int) []error {
		if i == 1 {
			cancel()
		}
		<-ctx.Done()
		return []error{errSend, errSend}
	})
	result, failures := b.run(ctx, Plan{Count: 10, Rate: 1000, Batch: 2, InFlight: 2})
	require.Empty(t, failures)
	require.Equal(t, 4, result.Sent)
	require.Equal(t, 6, result.Unsent)
}

// A request whose answer takes long holds up no other: their answers count as they come.
func TestAnswersMayOvertakeEachOther(t *testing.T) {
	t.Parallel()
	last := make(chan struct{})
	b := newBatches(t, func(_ context.Context, i int) []error {
		switch i {
		case 0:
			<-last // which only others' answers make room for
		case 9:
			close(last)
		}
		return []error{nil}
	})
	result, failures := b.run(t.Context(), Plan{Count: 10, Rate: 1000, InFlight: 2})
	require.Empty(t, failures)
	require.Equal(t, 10, result.Sent)
}

// notifier sends to one listener at a time, until there is none any more.
type notifier struct {
	*batches

	to []*ledger.Member
}

func (n *notifier) Next() (*ledger.Member, error) {
	if len(n.to) == 0 {
		return nil, errSend
	}
	next := n.to[0]
	n.to = n.to[1:]
	return next, nil
}

// What a Notifier sends is due to whom it has chosen, and no other process hears of it. When
// there is nobody, the series ends.
func TestNotificationsAreDueToOne(t *testing.T) {
	t.Parallel()
	l := ledger.New()
	audience := l.Audience(ledger.Name{})
	first, second := listener(audience), listener(audience)
	n := &notifier{to: []*ledger.Member{first.Member(0), second.Member(0), first.Member(0)}}
	n.batches = newBatches(t, func(context.Context, int) []error { return []error{nil} })
	var failures []error
	p := Plan{Count: 5, Rate: 1000, InFlight: 10, Test: ledger.Run{ID: 5, Distributed: true, Secret: []byte("secret")}}
	result := p.run(t.Context(), audience, 0, n, func(err error) {
		failures = append(failures, err)
		for i, to := range []*ledger.Listener{first, second, second} { // of which the last is wrong
			l.Deliver(to.Member(0), n.requests[i][0], time.Now())
		}
	})
	require.Equal(t, []error{errSend}, failures)
	require.Empty(t, n.stamps, "nothing is sent but to one listener")
	require.Equal(t, []int{3, 2}, []int{result.Sent, result.Unsent})
	require.Equal(t, []int64{3, 2, 1}, []int64{result.Expected, result.Received, result.Lost})
}
