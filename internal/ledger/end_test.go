package ledger

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// A stamp says how many broadcasts are promised so far, by all series that are open.
func TestStampsSayHowManyAreToCome(t *testing.T) {
	t.Parallel()
	a := New().Audience(room)
	first := a.OpenSeries(3, settle)
	end := func(s *Series) uint32 { return s.Publish(time.Now()).End }
	assert.EqualValues(t, 3, end(first))
	second := a.OpenSeries(2, settle)
	assert.EqualValues(t, 5, end(second))
	assert.EqualValues(t, 5, end(first))
	first.Close() // cut short
	assert.EqualValues(t, 4, end(second))
	assert.EqualValues(t, 5, end(second)) // one more than planned
	second.Close()
	huge := a.OpenSeries(math.MaxInt, settle)
	assert.EqualValues(t, uint32(math.MaxUint32), end(huge))
}

// A stamp says how late it was given out, whatever the clock shows.
func TestStampsSayHowLateTheyAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		l.SetClockOffset(-time.Hour)
		s := l.Audience(room).OpenSeries(1, settle)
		for late, want := range map[time.Duration]time.Duration{
			0: 0, -time.Second: 0, 1500 * time.Microsecond: 2 * time.Millisecond, time.Hour: stamp.MaxLate,
		} {
			intended := time.Now().Add(-late)
			published := s.Publish(intended)
			assert.Equal(t, want, published.Late)
			assert.Equal(t, intended.Add(-time.Hour).UnixMicro(), published.Sent.UnixMicro())
		}
	})
}
