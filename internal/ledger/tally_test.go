package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTally(t *testing.T) {
	t.Parallel()
	var of tally
	assert.True(t, of.add())
	assert.True(t, of.add())
	assert.EqualValues(t, 2, of.count())
	assert.EqualValues(t, 2, of.close())
	assert.False(t, of.add())
	assert.False(t, of.add())
}
