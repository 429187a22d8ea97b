package telemetry

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/limits"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/result"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// What a recorder makes samples of is in the result file too.
func TestTheResultFileHasWhatTheSamplesHave(t *testing.T) {
	t.Parallel()
	process := &Process{Results: result.NewCollector()}
	f := newFixtureOf(t, process, RoleListener)
	f.Connected(time.Millisecond)
	f.Connected(time.Millisecond)
	f.Ready(20 * time.Millisecond)
	f.Failed(&wire.DialError{Phase: wire.PhaseUpgrade, Status: 429, Err: errors.New("refused")})
	f.Failed(&wire.DialError{Phase: wire.PhaseTCP, Err: &limits.Error{Limit: "open files"}})
	f.Erred("LateDelivery")
	f.CountDeaf(3)
	f.Delivered(ledger.Delivery{Origin: 5, Local: true, Delay: 7 * time.Millisecond}, time.Millisecond)
	f.Delivered(ledger.Delivery{Origin: 5, Local: true, Outcome: ledger.Outcome{Duplicate: true}}, 0)
	f.Delivered(ledger.Delivery{Origin: 6, Delay: 9 * time.Millisecond, Outcome: ledger.Outcome{Reordered: true, Late: true}}, 0)
	f.Closed(listen.Closing{Code: 1001, ByGateway: true, Cut: true})
	f.Flush()
	f.Flush() // nothing twice

	file := process.Results.Snapshot()
	require.EqualValues(t, 2, file.Opened)
	require.EqualValues(t, 1, file.Ready)
	require.Equal(t, 20*time.Millisecond, file.ReadyTime.Max())
	require.Equal(t, []result.Failure{{Phase: "tcp", Status: "0", Count: 1}, {Phase: "upgrade", Status: "429", Count: 1}}, file.Failures)
	require.Equal(t, []string{"open files"}, file.Limits)
	require.Equal(t, map[string]int64{"LateDelivery": 1}, file.Errors)
	require.EqualValues(t, 3, file.Deaf)
	require.Equal(t, []result.Closing{{By: "gateway", Code: "1001", Count: 1}}, file.Closings)
	require.Len(t, file.Accounts, 2)
	local, remote := file.Accounts[0], file.Accounts[1]
	require.Equal(t, result.Heard{First: 1, Duplicated: 1}, local.Heard)
	require.True(t, local.Local)
	require.Equal(t, 7*time.Millisecond, local.Delay.Max())
	require.Equal(t, result.Heard{First: 1, Reordered: 1, Late: 1}, remote.Heard)
	require.Equal(t, "00000006", remote.ID)
	require.Equal(t, "apigw", remote.Gateway)
	require.EqualValues(t, 1, process.Connections())
}

func TestASettledSeriesIsInTheResultFile(t *testing.T) {
	t.Parallel()
	process := &Process{Results: result.NewCollector()}
	f := newFixtureOf(t, process, RoleHost)
	sent := time.UnixMilli(1_000_000)
	f.SeriesBegun(5, 3)
	begun := process.Results.Snapshot().Accounts
	require.EqualValues(t, 3, begun[0].Planned, "also if the process is killed now")
	require.EqualValues(t, 1, begun[0].Running)
	f.SeriesEnded(&ledger.Result{
		Origin: 5, Planned: 4, Unsent: 2, Sent: 2, Rest: ledger.Settlement{Broadcasts: []ledger.Settled{
			{
				Origin: 5, Sequence: 3, Sent: sent, Expected: 20, Received: 9, Lost: 8, Cut: 5, Indeterminate: 3, Missed: 2, Late: 1, Duplicated: 6, Reordered: 7,
				Reached: true, Fanout: ledger.Fanout{First: time.Millisecond, Last: time.Second},
			},
			{Origin: 5, Sequence: 4, Sent: sent.Add(time.Second), Expected: 1, Lost: 1},
		}},
	}, 3)
	accounts := process.Results.Snapshot().Accounts
	require.Len(t, accounts, 1)
	require.EqualValues(t, 4, accounts[0].Planned)
	require.EqualValues(t, 2, accounts[0].Unsent)
	require.Zero(t, accounts[0].Running)
	require.True(t, accounts[0].Local)
	require.Equal(t, []result.Broadcast{
		{
			From: 3, To: 3, Count: 1, SentFirst: 1_000_000, SentLast: 1_000_000, Expected: 20, Received: 9, Missing: 3, Cut: 5, Indeterminate: 3,
			Missed: 2, Late: 1, Duplicated: 6, Reordered: 7, Reached: 1, First: 1000, Last: 1_000_000,
		},
		{From: 4, To: 4, Count: 1, SentFirst: 1_001_000, SentLast: 1_001_000, Expected: 1, Missing: 1},
	}, accounts[0].Broadcasts)
}
