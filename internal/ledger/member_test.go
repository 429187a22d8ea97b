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

// Origins of which each sends little, as forged ones do, push out each other, and none from
// which more was read.
func TestABusyOriginIsNotForgotten(t *testing.T) {
	t.Parallel()
	steps := []step{
		join(room, "ann"), elsewhere("theirs 1", 1, 1), elsewhere("theirs 2", 1, 2),
		hear("ann", "theirs 1", heard), hear("ann", "theirs 2", heard),
	}
	steps = append(steps, crowd("ann", 3*maxOrigins)...)
	tell(t, append(steps,
		hear("ann", "theirs 1", duplicate), hear("ann", "theirs 2", duplicate),
		hear("ann", fmt.Sprint("crowd ", 3*maxOrigins-1), duplicate), hear("ann", "crowd 0", heard),
	))
}

// A listener that has left keeps no windows, because its Member may be held for longer.
func TestLeavingFreesTheWindows(t *testing.T) {
	t.Parallel()
	ledger := New()
	m := listeners(ledger.Audience(room), 1)[0]
	m.window(m.audience.origin + 1)
	assert.Len(t, m.others, 1)
	m.listener.Leave(Local)
	assert.Nil(t, m.others)
}
