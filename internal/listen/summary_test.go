package listen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// The summary counts first copies only.
func TestTheSummaryCountsFirstCopies(t *testing.T) {
	t.Parallel()
	const listeners = 4
	h, to := newHub(t, "welcome")
	s := newFixture(to)
	summary, stop := s.run(t, Plan{Connections: listeners})
	s.waitForReady(t, listeners)
	account := s.audience.Open(false)
	one, two := account.Publish(time.Now()), account.Publish(time.Now())
	for _, sent := range []stamp.Stamp{two, one, two} {
		h.send(sent.String())
	}
	s.waitFor(t, "delivered", 3*listeners)
	result := account.Close()
	assert.EqualValues(t, 2*listeners, result.Received)
	assert.EqualValues(t, listeners, result.Duplicated)
	assert.EqualValues(t, listeners, result.Reordered)
	stop()
	assert.EqualValues(t, 2*listeners, (<-summary).Received)
}
