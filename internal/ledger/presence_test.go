package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPresence(t *testing.T) {
	t.Parallel()
	var p presence
	for _, at := range []instant{10, 20, 15, 30} { // a clock that was set back
		p.join(at)
	}
	require.Equal(t, []instant{10, 20, 20, 30}, p.joins)
	p.leave(10, 25, Cut)
	p.leave(20, 35, Local)
	p.leave(20, 33, Cut)
	requireSame := func() {
		t.Helper()
		require.Equal(t, []int{3, 2, 3, 1}, []int{p.before(21), p.before(26), p.before(31), p.before(36)})
		require.Equal(t, []int{1, 0}, []int{p.within(25, 30), p.within(31, 40)})
		require.Equal(t, []departure{{20, 35, Local}, {20, 35, Cut}}, p.leftSince(26, 3))
		require.Equal(t, []departure{{20, 35, Local}}, p.leftSince(26, 2))
		require.Empty(t, p.leftSince(26, 1))
		require.Empty(t, p.leftSince(26, 0))
		require.Equal(t, 3, p.leftSoFar())
	}
	requireSame()
	p.forget(15)
	p.forget(20)
	requireSame()
	p.forget(26)
	require.Equal(t, []int{2, 3, 1}, []int{p.before(26), p.before(31), p.before(36)})
	require.Equal(t, []departure{{20, 35, Local}}, p.leftSince(26, 2))
	require.Equal(t, 3, p.leftSoFar())
}
