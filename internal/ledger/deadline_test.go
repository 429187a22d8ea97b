package ledger

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeadline(t *testing.T) {
	t.Parallel()
	var d deadline
	d.set(10)
	assert.True(t, d.admit(-5, 10))
	assert.True(t, d.admit(10, 10), "which puts it off to 20")
	assert.False(t, d.passed(20))
	assert.True(t, d.admit(3, 10), "which doesn't bring it forward")
	assert.False(t, d.settled())
	assert.False(t, d.admit(21, 10))
	assert.True(t, d.settled())
	assert.True(t, d.admit(20, 10), "in time still, but it doesn't put it off")
	assert.False(t, d.passed(20))
	assert.True(t, d.passed(21))
}

func TestNoDeadline(t *testing.T) {
	t.Parallel()
	var d deadline
	d.set(0)
	assert.True(t, d.admit(math.MaxInt64, 0))
	assert.False(t, d.passed(math.MaxInt64))
	assert.False(t, d.settled())
}

// However long settle is, an arrival doesn't settle the broadcast.
func TestTheLongestSettle(t *testing.T) {
	t.Parallel()
	for _, settle := range []time.Duration{math.MaxInt64 - 1, math.MaxInt64} {
		var d deadline
		d.set(settle)
		assert.True(t, d.admit(1000*time.Hour, settle))
		assert.True(t, d.admit(2000*time.Hour, settle))
		assert.False(t, d.settled())
	}
}

// Of many that look at it at once, none is told that it has passed while another puts it
// off further: if the latest to be admitted still is in time, all before it were.
func TestTheDeadlineIsOne(t *testing.T) {
	t.Parallel()
	const settle, arrivals = 4, 64
	for range 200 {
		var d deadline
		d.set(settle)
		var admitted atomic.Int64
		var running sync.WaitGroup
		for i := range time.Duration(arrivals) {
			running.Go(func() {
				if d.admit(i, settle) {
					raise(&admitted, int64(i))
				}
			})
		}
		running.Wait()
		// It is settled at a deadline that some arrival has put it off to, or not at all.
		word := d.word.Load()
		require.Equal(t, word < 0, d.settled())
		require.LessOrEqual(t, admitted.Load(), max(word, -word))
		require.GreaterOrEqual(t, admitted.Load(), int64(settle))
		if word > 0 {
			require.EqualValues(t, arrivals-1, admitted.Load())
		}
	}
}
