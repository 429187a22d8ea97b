package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSequenceSet(t *testing.T) {
	t.Parallel()
	var s sequenceSet
	assert.False(t, s.has(0))
	for _, sequence := range []uint32{3, 4, 5, 8, 10, 11} {
		s.add(sequence)
	}
	var has []uint32
	for sequence := range uint32(14) {
		if s.has(sequence) {
			has = append(has, sequence)
		}
	}
	assert.Equal(t, []uint32{3, 4, 5, 8, 10, 11}, has)
	assert.Equal(t, []turn{{3, 5}, {8, 8}, {10, 11}}, s.turns)
}

// Of many turns the latest are known.
func TestSequenceSetOfManyTurns(t *testing.T) {
	t.Parallel()
	var s sequenceSet
	for i := range uint32(10 * maxTurns) {
		s.add(2 * i)
		assert.LessOrEqual(t, len(s.turns), maxTurns)
		assert.True(t, s.has(max(2*i, maxTurns)-maxTurns))
		assert.False(t, s.has(2*i-1))
	}
	assert.False(t, s.has(0))
	assert.Equal(t, 10*maxTurns, s.count)
}
