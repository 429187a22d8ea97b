package ledger

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every audience is found by its origin, however many there are, and no other origin finds one.
func TestAudiencesAreFoundByTheirOrigins(t *testing.T) {
	t.Parallel()
	ledger := New()
	for _, first := range []uint32{0, 7, ^uint32(0) - 10} { // the last wraps round
		ledger.firstOrigin = first
		for i := range 1000 {
			a := ledger.Audience(Name{Endpoint: strconv.Itoa(int(first)), Key: strconv.Itoa(i)})
			assert.Same(t, a, ledger.audienceOf(a.origin))
			assert.Same(t, a, ledger.Audience(a.Name()))
		}
		assert.Nil(t, ledger.audienceOf(first-1))
		assert.Nil(t, ledger.audienceOf(first+uint32(len(ledger.audiences))))
	}
	assert.NotSame(t, ledger.Audience(Name{Endpoint: "a", Key: "b"}), ledger.Audience(Name{Endpoint: "b", Key: "a"}))
	assert.Same(t, ledger.Roster("a"), ledger.Roster("a"))
	assert.NotSame(t, ledger.Roster("a"), ledger.Roster("b"))
}
