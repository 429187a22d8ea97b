package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// The sums over eight processes' files are the whole run's: every count, and every bucket
// of the delays.
func TestEightProcessesAreOne(t *testing.T) {
	t.Parallel()
	eight := small
	eight.processes = 8
	files := eight.files()
	all := &histogram.Distribution{}
	var received, lost, expected int64
	for _, f := range files {
		for _, i := range f.Intervals.List {
			for _, d := range i.Delays {
				all.Merge(d.Delay)
			}
		}
		for _, b := range f.Accounts[0].Broadcasts {
			received += b.Received
			lost += b.Lost()
			expected += b.Expected
		}
	}
	s := joined(t, files...).Gateways[0]
	require.Equal(t, bucketsOf(all), bucketsOf(s.Delay))
	require.Equal(t, received, s.Received)
	require.Equal(t, lost, s.Lost())
	require.EqualValues(t, 8*40*20, expected)
	require.Equal(t, expected, s.Expected)
	require.Equal(t, received, s.Delay.Count())
	require.EqualValues(t, 20, s.Sent)
	require.EqualValues(t, 20, s.Planned)
	require.Len(t, s.Broadcasts, 20, "joined by sequence")
	require.EqualValues(t, 8*40, s.Broadcasts[0].Expected)
	require.EqualValues(t, 8*40, s.Listeners)
	require.Len(t, s.Parts, 8)
	over := &histogram.Distribution{}
	for _, d := range s.delays {
		over.Merge(d)
	}
	require.Equal(t, bucketsOf(all), bucketsOf(over))
}

// Where one process has put broadcasts together, those of the others are too, and
// nothing is counted twice.
func TestBlocksOfDifferentSizesJoin(t *testing.T) {
	t.Parallel()
	files := small.files()
	want := joined(t, files...).Gateways[0].Counts
	first, second := files[0].Accounts[0], files[1].Accounts[0]
	first.Broadcasts = result.InBlocks(first.Broadcasts, 4)
	second.Broadcasts = append(result.InBlocks(second.Broadcasts[:16], 8), second.Broadcasts[16:]...)
	s := joined(t, files...).Gateways[0]
	got := s.Counts
	got.First, got.Reached, want.First, want.Reached = 0, 0, 0, 0 // known for a block only
	require.Equal(t, want, got)
	require.Len(t, s.Broadcasts, 3)
}

// Intervals of different lengths join at the longer one's.
func TestIntervalsOfDifferentLengthsJoin(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[0].Intervals = files[0].Intervals.Lengthened(4000)
	r := joined(t, files...)
	require.EqualValues(t, 4000, r.Intervals.Length)
	var opened, lags int64
	for _, i := range r.Intervals.List {
		require.Zero(t, i.Start%4000)
		opened += i.Opened
		lags += i.ReadLag.Count()
	}
	require.EqualValues(t, 3*40, opened)
	require.Equal(t, r.Gateways[0].Delay.Count(), lags)
}

func TestAMissingProcessIsNamed(t *testing.T) {
	t.Parallel()
	files := small.files()
	r := joined(t, files[0], files[2])
	require.True(t, r.Incomplete)
	require.Equal(t, []int{2}, r.Missing)
	require.Equal(t, []string{"process 2 of 3 has left no file: what its listeners received and lost isn't known"}, r.Unknown)
	require.True(t, strings.HasPrefix(r.Verdict().Headline, "At least "), r.Verdict().Headline)
}

// A process that was killed has left its last state.
func TestAKilledProcessIsNamed(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[1].State, files[1].Ended, files[1].Written = result.Running, nil, began.Add(15*time.Second)
	r := joined(t, files...)
	require.True(t, r.Incomplete)
	require.Empty(t, r.Missing)
	require.Equal(t, []string{
		"process 2 was killed, or is still running: its file was last written at 07:41:03, and it has an account of all 20 broadcasts; " +
			"what happened in it from then on isn't known",
	}, r.Unknown)
}

// The file of an earlier run of the same name isn't taken for one of this run.
func TestAFileOfAnEarlierRunIsNamed(t *testing.T) {
	t.Parallel()
	files := small.files()
	ended := began.Add(-time.Minute)
	files[2].Started, files[2].Ended = began.Add(-time.Hour), &ended
	r := joined(t, files...)
	require.True(t, r.Incomplete)
	require.Equal(t, []string{"process 3 had ended before process 1 began: its file may be left from an earlier run"}, r.Unknown)
	files[2].Conclusion = &result.Conclusion{How: result.Failed, ExitCode: 107}
	require.False(t, joined(t, files...).Incomplete, "setup() can fail in one process before another begins")

	files = small.files()
	files[2].Processes = 4
	require.True(t, joined(t, files...).Incomplete)
}

// What a process received without keeping an account of it, or never heard of, isn't
// taken for complete.
func TestLossesWithoutAnAccountAreUnknown(t *testing.T) {
	t.Parallel()
	files := small.files()
	remote := files[1].Accounts[0]
	remote.Broadcasts = nil
	files[2].Accounts = nil
	r := joined(t, files...)
	require.False(t, r.Incomplete)
	require.Len(t, r.Unknown, 2)
	require.Contains(t, r.Unknown[0], "process 2 received")
	require.Contains(t, r.Unknown[0], "keeps no account")
	require.Contains(t, r.Unknown[1], "process 3 had listeners on apigw and heard none of the broadcasts of process 1")
	require.Equal(t, remote.Heard.First, r.Gateways[0].Unaccounted)

	files = small.files()
	files[0].Accounts[0].Local, files[1].Accounts[0].Unclosed, files[2].NotRecorded = false, 1, 7
	text := strings.Join(joined(t, files...).Unknown, "\n")
	require.Contains(t, text, "and no file says which process sent them")
	require.Contains(t, text, "process 2 never heard the end of the broadcasts of origin ab12cd34:")
	require.Contains(t, text, "process 3 received 7 deliveries from more publishers than it tells apart")
}

func TestConnectionsAddUp(t *testing.T) {
	t.Parallel()
	s := cutInTheMiddle
	s.listeners, s.broadcasts, s.processes, s.cut, s.cutAt, s.refused, s.limit = 80, 10, 2, 20, 5, 16, "open files"
	r := joined(t, s.files()...)
	require.EqualValues(t, 160, r.Connections.Opened)
	require.EqualValues(t, 160, r.Connections.Ready)
	require.EqualValues(t, 160, r.Connections.ReadyTime.Count())
	require.EqualValues(t, 40, r.Connections.ClosedByGateway())
	require.EqualValues(t, 32, r.Connections.Failed())
	require.Equal(t, []result.Closing{{By: "client", Code: "1000", Count: 120}, {By: "gateway", Code: "1001", Count: 40}}, r.Connections.Closings)
	require.Equal(t, []string{"open files"}, r.Connections.Limits)
	require.Zero(t, r.Connections.EndUnknown)

	files := s.files()
	files[1].State, files[1].Closings = result.Running, []result.Closing{{By: "gateway", Code: "1001", Count: 20}}
	require.EqualValues(t, 60, joined(t, files...).Connections.EndUnknown)
}

// Runs are told apart by their names, and stand in the order in which they began.
func TestSeveralRuns(t *testing.T) {
	t.Parallel()
	later := small
	later.run = "a later one"
	files := later.files()
	for _, f := range files {
		f.Started = f.Started.Add(time.Hour)
	}
	runs := (&Input{Files: append(files, small.files()...)}).Join(false)
	require.Len(t, runs, 2)
	require.Equal(t, "small", runs[0].Name)
	require.Equal(t, "a later one", runs[1].Name)
}

// Where nobody knows how many processes there are, each is taken in and none is missing.
func TestProcessesOfUnknownNumber(t *testing.T) {
	t.Parallel()
	files := small.files()
	for _, f := range files {
		f.Process, f.Processes = 20_000+f.Process, 0
	}
	require.NoError(t, check(files...))
	r := joined(t, files...)
	require.False(t, r.Incomplete)
	require.Empty(t, r.Unknown)
	require.EqualValues(t, 3*40, r.Gateways[0].Listeners)
	require.Equal(t, "3 processes", processes(r))
	var text bytes.Buffer
	r.Print(&text, nil)
	require.True(t, strings.HasPrefix(text.String(), "run small: 3 processes, "), text.String())
}

// A process that was killed before it wrote its file a second time had not ended before
// another began.
func TestAProcessKilledAtItsStartIsNotOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[1].State, files[1].Ended, files[1].Written = result.Running, nil, began
	files[0].Started = began.Add(3 * time.Second)
	r := joined(t, files...)
	require.Len(t, r.Unknown, 1)
	require.Contains(t, r.Unknown[0], "process 2 was killed")
}

// The publisher's file tells how many broadcasts there were to a process that never heard it.
func TestThePublishersFileClosesAccounts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change          func(publisher *result.File, heard *result.Account)
		closed, missing bool // from the account, and the report says how many are
	}{
		"all was heard": {func(*result.File, *result.Account) {}, true, false},
		"the last was heard by nobody": {func(_ *result.File, heard *result.Account) {
			heard.Broadcasts = heard.Broadcasts[:len(heard.Broadcasts)-1]
		}, false, true},
		"the first is in no account": {func(_ *result.File, heard *result.Account) { heard.Broadcasts = heard.Broadcasts[1:] }, false, true},
		"one between is in no account": {func(_ *result.File, heard *result.Account) {
			heard.Broadcasts = slices.Delete(heard.Broadcasts, 4, 5)
		}, false, true},
		"others than were sent": {func(_ *result.File, heard *result.Account) {
			heard.Broadcasts[len(heard.Broadcasts)-1].To++
		}, false, false},
		"the publisher was killed":         {func(publisher *result.File, _ *result.Account) { publisher.State = result.Running }, false, false},
		"the publisher's file has not all": {func(publisher *result.File, _ *result.Account) { publisher.Accounts[0].Planned++ }, false, false},
	} {
		files := small.files()
		heard := files[1].Accounts[0]
		heard.Unclosed = 1
		row.change(files[0], heard)
		r := joined(t, files...)
		text := strings.Join(r.Unknown, "\n")
		if row.closed {
			require.Empty(t, text, name)
			require.Zero(t, r.Gateways[0].Unclosed, name)
			continue
		}
		require.Contains(t, text, "process 2 never heard the end of process 1's broadcasts", name)
		require.EqualValues(t, 1, r.Gateways[0].Unclosed, name)
		require.Equal(t, row.missing, strings.Contains(text, "lost of 1 broadcast that it has no account of isn't known"), name)
	}
}
