package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of canaries only the latest are remembered. Older ones are believed whatever they say.
func TestOldCanariesAreForgotten(t *testing.T) {
	t.Parallel()
	l := New()
	a := l.Audience(room)
	m := listeners(a, 1)[0]
	first := a.Canary()
	for range maxCanaries - 1 {
		a.Canary()
	}
	require.Len(t, *a.canaries.sent.Load(), maxCanaries)
	wrong := first
	wrong.Sent = wrong.Sent.Add(-time.Microsecond)
	assert.Equal(t, forged, l.Deliver(m, wrong, time.Now()).Outcome)
	last := a.Canary()
	require.Len(t, *a.canaries.sent.Load(), maxCanaries)
	assert.Equal(t, uint32(maxCanaries+1), last.Sequence)
	assert.Equal(t, canary, l.Deliver(m, wrong, time.Now()).Outcome)
	assert.Equal(t, canary, l.Deliver(m, last, time.Now()).Outcome)
}
