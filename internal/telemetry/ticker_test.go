package telemetry

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTickerCallsTenTimesASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ticker Ticker
		began := time.Now()
		var ticks []time.Duration
		remove := ticker.Add(func(now time.Time) { ticks = append(ticks, now.Sub(began)) })
		time.Sleep(350 * time.Millisecond)
		remove()
		time.Sleep(time.Hour)
		require.Equal(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond}, ticks)
	})
}

// What is removed isn't called any more, and the others still are.
func TestTickerOfSeveral(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ticker Ticker
		counts := make([]int, 3)
		removes := make([]func(), len(counts))
		for i := range counts {
			removes[i] = ticker.Add(func(time.Time) { counts[i]++ })
		}
		time.Sleep(250 * time.Millisecond)
		removes[1]()
		time.Sleep(time.Second)
		removes[0]()
		removes[2]()
		require.Equal(t, []int{12, 2, 12}, counts)

		again := ticker.Add(func(time.Time) { counts[0]++ })
		time.Sleep(150 * time.Millisecond)
		again()
		require.Equal(t, []int{13, 2, 12}, counts, "its goroutine begins anew")
	})
}

// A panic ends neither k6 nor the ticker.
func TestTickerWhoseCallPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ticker Ticker
		calls := 0
		remove := ticker.Add(func(time.Time) {
			calls++
			panic("as it was told to")
		})
		time.Sleep(250 * time.Millisecond)
		remove()
		require.Equal(t, 2, calls)
	})
}
