package e2e

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// TestTheTruthLiesWithinTheInterval: of those who come and go while broadcasts are sent,
// nobody can know what each should have heard. What the processes say is an interval, in
// which the truth lies; what they have read is the truth itself.
func TestTheTruthLiesWithinTheInterval(t *testing.T) {
	t.Parallel()
	for _, processes := range numbersOfProcesses(t) {
		vus := 2 * processes
		listeners := int64(number("EXACT_LISTENERS", distributedListeners) / vus * vus)
		for _, side := range []string{"apigw", "appsync", "events"} {
			t.Run(fmt.Sprintf("%d %s", processes, side), func(t *testing.T) {
				t.Parallel()
				g := serve(t, "--fanout", "4")
				rounds, counts := runDistributed(t, "scripts/churn.js", processes, g.env(
					"GATEWAY="+side, "HTTP_URL=http://"+g.address, "API_KEY="+gateway.APIKey,
					env("LISTENERS", listeners), env("VUS", vus),
					env("BROADCASTS", number("EXACT_BROADCASTS", distributedBroadcasts)), env("SECONDS", number("EXACT_SECONDS", distributedSeconds))))
				require.Len(t, rounds, 1)
				round := rounds[0]
				sum := round.sum(t, counts)
				round.requireRead(t, &sum)
				// The gateway has a listener in the room for a moment before that is acknowledged, and
				// after that has left. One in twenty may be published to in such a moment.
				came := round.Truth.Accepted
				round.requireLostWithin(t, &sum, came/20)
				steady := int64(math.Round(0.7*float64(listeners)/float64(vus))) * int64(vus)
				assert.Greater(t, came, 2*(listeners-steady), "others have come in their places")
				assert.GreaterOrEqual(t, sum.Received+sum.Lost, steady*round.Sent, "of those who stay all is known")
			})
		}
	}
}
