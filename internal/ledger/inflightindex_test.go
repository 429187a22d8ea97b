package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestInFlightIndex(t *testing.T) {
	t.Parallel()
	var index inFlightIndex
	ours, theirs := &Series{}, &Series{}
	assert.Nil(t, index.find(1))
	index.remove(ours)
	const first = 7
	var added []*broadcast
	for i, s := range []*Series{ours, theirs, ours, theirs, ours} {
		b := &broadcast{series: s, sequence: first + uint32(i)}
		index.add(b)
		added = append(added, b)
	}
	find := func() (found []*broadcast) {
		for i := range added {
			found = append(found, index.find(first+uint32(i)))
		}
		assert.Nil(t, index.find(0))
		assert.Nil(t, index.find(first-1))
		assert.Nil(t, index.find(first+uint32(len(added))))
		return found
	}
	assert.Equal(t, added, find())
	index.remove(ours)
	assert.Equal(t, []*broadcast{nil, added[1], nil, added[3], nil}, find())
	assert.EqualValues(t, first+1, index.table.Load().first, "what is closed in front is dropped")
	added = append(added, &broadcast{series: ours, sequence: first + 5})
	index.add(added[5])
	assert.Equal(t, []*broadcast{nil, added[1], nil, added[3], nil, added[5]}, find())
	index.remove(theirs)
	assert.Equal(t, []*broadcast{nil, nil, nil, nil, nil, added[5]}, find())
	index.remove(ours)
	assert.Nil(t, index.table.Load())
	index.add(&broadcast{series: ours, sequence: first + 6})
	assert.Nil(t, index.find(first+5))
	assert.NotNil(t, index.find(first+6))
}
