package truth

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What was pending when the counts were reset is not in the new ones.
func TestWhatWasPendingIsForgotten(t *testing.T) {
	t.Parallel()
	tally, withheld := New(), &Withheld{}
	before := tally.Open(stamped(1), 3)
	before.Dropped(withheld)
	tally.Forget()
	require.Zero(t, tally.Withheld(withheld))
	after := tally.Open(stamped(2), 1)
	after.Deaf(withheld)
	before.Dropped(withheld)
	before.Delivered(false)
	require.EqualValues(t, 1, tally.Withheld(withheld))
	require.Equal(t, Totals{Broadcasts: 1, Counts: Counts{Audience: 1, Deaf: 1}}, tally.Report().Totals)
}
