package ledger

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Of too many origins, a listener forgets the one it has known for longest.
func TestTheOldestOriginIsForgotten(t *testing.T) {
	t.Parallel()
	steps := append([]step{join(room, "ann")}, crowd("ann", maxOrigins+1)...)
	for i := range maxOrigins {
		steps = append(steps, hear("ann", fmt.Sprint("crowd ", i+1), duplicate))
	}
	tell(t, append(steps, hear("ann", "crowd 0", heard), hear("ann", "crowd 1", heard)))
}

// A listener that has left keeps no windows, because its Member may be held for longer.
func TestLeavingFreesTheWindows(t *testing.T) {
	t.Parallel()
	ledger := New()
	m := listeners(ledger.Audience(room), 1)[0]
	m.window(m.audience.origin + 1)
	assert.Len(t, m.others, 1)
	m.Leave()
	assert.Nil(t, m.others)
}
