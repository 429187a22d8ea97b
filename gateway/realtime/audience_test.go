package realtime

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/truth"
)

// Subscriptions come and go, and always exactly those that are there are listed, each in the
// part of its connection.
func TestAudienceListsItsMembers(t *testing.T) {
	t.Parallel()
	var a Audience
	there := map[*Subscriber]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		if len(there) > 0 && random.IntN(2) == 0 {
			for s := range there {
				a.Leave(s)
				delete(there, s)
				break
			}
		} else {
			s := subscriber(random.Uint64N(2*parts+1), nil)
			a.Join(s)
			there[s] = true
		}
		listed := a.List()
		require.Equal(t, len(there), listed.Len())
		require.Equal(t, len(there) == 0, a.Empty())
		for part, list := range listed {
			for _, s := range list {
				require.True(t, there[s])
				require.EqualValues(t, part, s.Number%parts)
			}
		}
	}
}

// What is listed stays as it is when subscriptions come and go.
func TestListStaysAsItIs(t *testing.T) {
	t.Parallel()
	var a Audience
	first, second := subscriber(1, nil), subscriber(1, nil)
	a.Join(first)
	before := a.List()
	a.Join(second)
	a.Leave(first)
	require.Equal(t, []*Subscriber{first}, before[1])
	after := a.List()
	require.Equal(t, []*Subscriber{second}, after[1])
}

func TestDropCountsAll(t *testing.T) {
	t.Parallel()
	var a Audience
	for number := range uint64(parts + 1) {
		a.Join(subscriber(number, nil))
	}
	tally, to := truth.New(), a.List()
	to.Drop(tally.Open(nil, to.Len()))
	require.Equal(t, truth.Counts{Audience: parts + 1, Dropped: parts + 1}, tally.Report().Totals.Counts)
}
