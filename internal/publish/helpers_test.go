package publish

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// listener returns one of an audience that is ready.
func listener(a *ledger.Audience) *ledger.Listener {
	l := new(ledger.Roster).Enter()
	l.Join(a)
	l.Ready(nil)
	return l
}

// errSend is why a broadcast could not be sent.
var errSend = errors.New("as it was told to")

// fake is a broadcaster that takes its time, and remembers when it sent what. Send says
// what becomes of broadcast i, counted from 0.
type fake struct {
	t     *testing.T
	began time.Time
	send  func(ctx context.Context, i int) error
	ended chan struct{}

	sent, dated []time.Duration // since it began
	stamps      []stamp.Stamp
}

func newFake(t *testing.T, send func(ctx context.Context, i int) error) *fake {
	return &fake{t: t, began: time.Now(), send: send}
}

func (f *fake) Send(ctx context.Context, text string) error {
	s, rest, _, ok := stamp.Find([]byte(text))
	require.True(f.t, ok)
	require.Empty(f.t, rest)
	f.stamps = append(f.stamps, s)
	f.sent = append(f.sent, time.Since(f.began))
	f.dated = append(f.dated, s.Sent.Sub(f.began))
	return f.send(ctx, len(f.stamps)-1)
}

func (f *fake) Ended() <-chan struct{} { return f.ended }

func (f *fake) Close() {}

func seconds(values ...float64) []time.Duration {
	durations := make([]time.Duration, len(values))
	for i, v := range values {
		durations[i] = time.Duration(v * float64(time.Second))
	}
	return durations
}
