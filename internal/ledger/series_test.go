package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The intended send time is the stamp's, to the microsecond.
func TestDelaysCountFromTheIntendedTime(t *testing.T) {
	t.Parallel()
	ledger := New()
	audience := ledger.Audience(room)
	member := listeners(audience, 1)[0]
	intended := time.Now().Add(-time.Second)
	s := audience.OpenSeries(0, settle).Publish(intended)
	assert.Less(t, intended.Sub(s.Sent), time.Microsecond)
	delivery := ledger.Deliver(member, s, intended.Add(3*time.Second))
	assert.InDelta(t, 3*time.Second, delivery.Delay, float64(time.Microsecond))
}
