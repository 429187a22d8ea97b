package telemetry

import (
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// What becomes of another process's broadcast is measured as of this one's, and told apart
// by its origin.
func TestBroadcastsOfOthersAreMeasured(t *testing.T) {
	t.Parallel()
	process := &Process{Results: result.NewCollector()}
	f := newFixtureOf(t, process, RoleListener)
	f.BroadcastsSettled([]ledger.Settled{{
		Origin: 6, Sequence: 1, Sent: time.UnixMilli(1000), Expected: 6, Received: 1, Lost: 3, Cut: 2, Indeterminate: 2, Open: 1, Missed: 4,
		Reached: true, Fanout: ledger.Fanout{First: time.Millisecond, Last: time.Second},
	}, {Origin: 6, Sequence: 2, Sent: time.UnixMilli(1000), Expected: 1, Lost: 1}})
	require.ElementsMatch(t, []tagged{{2, "cut remote"}, {2, "missing remote"}}, f.flushed("lost", "cause", "origin"))
	require.Equal(t, []tagged{{4, "remote"}}, f.found("missed", "origin"))
	require.Equal(t, []tagged{{2, "remote"}}, f.found("indeterminate", "origin"))
	require.Equal(t, []tagged{{1, "remote"}}, f.found("fanout_first", "origin"))
	require.Equal(t, []tagged{{1000, "remote"}}, f.found("fanout_last", "origin"))
	require.Len(t, f.found("reach", "origin"), 5)
	require.Empty(t, f.found("duplicated"), "they are counted as they come")
	warnings := f.logged(logrus.WarnLevel)
	require.Len(t, warnings, 2, "each is said once")
	require.Contains(t, warnings[0], "at first 3 of 6, 2 of these because the gateway or the network ended the listener's connection first (")
	require.Contains(t, warnings[1], "neither received nor lost, at first 2 of 6: nobody knows whether a listener that came, left or was cut off")

	accounts := process.Results.Snapshot().Accounts
	require.Len(t, accounts, 1)
	require.False(t, accounts[0].Local)
	require.Equal(t, []result.Broadcast{
		{
			From: 1, To: 1, Count: 1, SentFirst: 1000, SentLast: 1000, Expected: 6, Received: 1, Missing: 1, Cut: 2, Indeterminate: 2, Open: 1,
			Missed: 4, Reached: 1, First: 1000, Last: 1_000_000,
		},
		{From: 2, To: 2, Count: 1, SentFirst: 1000, SentLast: 1000, Expected: 1, Missing: 1},
	}, accounts[0].Broadcasts)
}

// Publishers that fall silent are counted when they do.
func TestSilentPublishersAreCounted(t *testing.T) {
	t.Parallel()
	process := &Process{Results: result.NewCollector()}
	f := newFixtureOf(t, process, RoleListener)
	f.PublishersSilent([]uint32{6, 7})
	f.PublishersSilent([]uint32{8})
	require.Equal(t, []tagged{{3, "remote"}}, f.flushed("unclosed", "origin"))
	require.Len(t, f.logged(logrus.WarnLevel), 1)
	require.Len(t, process.Results.Snapshot().Accounts, 3)
}

// Where nobody knows how many broadcasts there were, that is a number too, and the log says
// why. That none was heard of is said only where one was awaited.
func TestUnclosedAccountsAreCounted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ending ledger.Ending
		want   []tagged
		skewed []tagged
		says   string
	}{
		"closed": {},
		"unclosed": {
			ledger.Ending{Unclosed: []uint32{6, 7}},
			[]tagged{{2, "remote"}},
			nil, "was not heard (publishers: 2): the publisher was killed",
		},
		"strangers": {
			ledger.Ending{Unclosed: []uint32{6}, Strangers: 1},
			[]tagged{{1, "remote"}},
			nil, "(publishers: 1): it was started without the same PUSHGW_RUN",
		},
		"unaccounted":      {ledger.Ending{Unaccounted: 1}, []tagged{{1, "remote"}}, nil, "more publishers than accounts are kept of"},
		"nothing heard of": {ledger.Ending{Unheard: true, Awaited: true}, []tagged{{1, "remote"}}, nil, "have heard of no broadcast at all"},
		"none to hear of":  {ledger.Ending{Unheard: true}, []tagged{{1, "remote"}}, nil, ""},
		"clocks that lie":  {ledger.Ending{Clocks: []ledger.ClockDifference{{Origin: 6, Lies: true}}}, nil, []tagged{{1, "ClockSkew"}}, "or that of origin 00000006, is farther"},
	} {
		process := &Process{Results: result.NewCollector()}
		f := newFixtureOf(t, process, RoleListener)
		f.AccountsEnded(&test.ending)
		require.Equal(t, test.want, f.flushed("unclosed", "origin"), name)
		require.Equal(t, test.skewed, f.found("errors", "error"), name)
		warnings := f.logged(logrus.WarnLevel)
		if test.says == "" {
			require.Empty(t, warnings, name)
			continue
		}
		require.Len(t, warnings, 1, name)
		require.Contains(t, warnings[0], test.says, name)
		unclosed := int64(0)
		for _, account := range process.Results.Snapshot().Accounts {
			unclosed += account.Unclosed
		}
		require.EqualValues(t, len(test.ending.Unclosed), unclosed, name)
	}
}
