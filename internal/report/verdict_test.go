package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// quick is a perfect run that takes little time to make up.
var quick = story{
	run: "quick", gateway: "apigw", processes: 1, listeners: 80, broadcasts: 20,
	every: 500 * time.Millisecond, delay: 20 * time.Millisecond, lag: 300 * time.Microsecond,
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change   func(*story)
		level    Level
		headline string
		when     string
		causes   []string
	}{
		"perfect": {
			change: func(*story) {}, level: Good, headline: "No delivery was lost: all 1,600 were received",
		},
		"cut": {
			change: func(s *story) { s.cutAt, s.cut = 11, 20 }, level: Bad,
			headline: "20 of 1,420 deliveries were lost (1.41 %), and 180 more missed", when: "The lost ones were sent at 07:41:03. The missed ones were sent from 07:41:03 to 07:41:07",
			causes: []string{
				"Cut: 20 were due to listeners whose connection was ended by the gateway or the network: 20 of 80 at 07:41:03, code 1001 (going away).",
				"Missed: 180 were sent while a listener that had been cut off was away, so they weren't due, and aren't counted as lost.",
			},
		},
		"dropped": {
			change: func(s *story) { s.dropped = 1 }, level: Bad, headline: "1,600 of 1,600 deliveries were lost (100 %)",
			when:   "The lost ones were sent throughout the broadcasts, from 07:40:58 to 07:41:07",
			causes: []string{"Missing: 1,600 never came, though their listeners stayed connected."},
		},
		"refused": {
			change: func(s *story) { s.refused = 16 }, level: Bad, headline: "None of 1,600 deliveries was lost, but 16 connections failed",
			causes: []string{"Refused: 16 connections with status 429 Too Many Requests."},
		},
		"late generator": {
			change: func(s *story) { s.lag = 80 * time.Millisecond }, level: Suspect,
			headline: "No delivery was lost: all 1,600 were received; part of the delays is the load generator's own",
			causes:   []string{"Delays: part of them is the load generator's own, because 1 in 100 deliveries was read "},
		},
		"limit": {
			change: func(s *story) { s.limit = "open files" }, level: Suspect,
			headline: "No delivery was lost: all 1,600 were received; part of the delays is the load generator's own",
			causes:   []string{"Delays: part of them is the load generator's own, because it met a limit of its own host: open files."},
		},
		"nothing": {
			change: func(s *story) { s.broadcasts = 0 }, level: Good, headline: "Nothing was broadcast",
		},
		"never sent": {
			change: func(s *story) { s.broadcasts, s.unsent = 0, 10 }, level: Bad,
			headline: "None of 10 planned broadcasts was sent",
			causes:   []string{"Unsent: 10 of 10 planned broadcasts."},
		},
		"nobody": {
			change: func(s *story) { s.listeners = 0 }, level: Suspect, headline: "Nobody was there to hear the broadcasts",
		},
	} {
		s := quick
		row.change(&s)
		v := joined(t, s.files()...).Verdict()
		require.Equal(t, row.level, v.Level, name)
		require.Equal(t, row.headline, v.Headline, name)
		require.Equal(t, row.when, v.When, name)
		require.Len(t, v.Causes, len(row.causes), "%s: %q", name, v.Causes)
		for at, cause := range row.causes {
			require.True(t, strings.HasPrefix(v.Causes[at], cause), "%s: %s", name, v.Causes[at])
		}
	}
}

// Nothing looks good that went wrong in a way that loses nothing.
func TestVerdictOfWhatLosesNothing(t *testing.T) {
	t.Parallel()
	for but, change := range map[string]func(*result.File){
		"5 deliveries were missed":         func(f *result.File) { f.Accounts[0].Broadcasts[0].Missed = 5 },
		"2 listeners were deaf":            func(f *result.File) { f.Deaf = 2 },
		"1 connection failed":              func(f *result.File) { f.Failures = []result.Failure{{Phase: "tcp", Status: "0", Count: 1}} },
		"the gateway closed 3 connections": func(f *result.File) { f.Closings = []result.Closing{{By: "gateway", Code: "1000", Count: 3}} },
		"1 broadcast was never sent":       func(f *result.File) { f.Accounts[0].Unsent = 1 },
		"ready() was rejected":             func(f *result.File) { f.Barriers = []string{"ready(): too few"} },
		"4 are indeterminate":              func(f *result.File) { f.Accounts[0].Broadcasts[0].Indeterminate = 4 },
	} {
		files := quick.files()
		change(files[0])
		v := joined(t, files...).Verdict()
		require.Equal(t, Bad, v.Level, but)
		require.Equal(t, "None of 1,600 deliveries was lost, but "+but, v.Headline)
		require.NotEmpty(t, v.Causes, but)
	}
}

// A test that didn't come to its end doesn't look good, whatever the counts are.
func TestVerdictOfAnAbortedTest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		conclusion      result.Conclusion
		headline, cause string
		aborted         bool
	}{
		{
			result.Conclusion{How: result.AbortedByThreshold, Text: "thresholds on metrics 'pushgw_lost' were crossed", ExitCode: 99},
			"None of 3,200 deliveries was lost, but a threshold aborted the test",
			"A threshold aborted the test in process 2 at 07:41:13, before it had come to its end: thresholds on metrics 'pushgw_lost' were crossed.",
			true,
		},
		{
			result.Conclusion{How: result.Interrupted, ExitCode: 105},
			"None of 3,200 deliveries was lost, but the test was interrupted",
			"The test was interrupted in process 2 at 07:41:13, before it had come to its end.",
			true,
		},
		{
			result.Conclusion{How: result.ThresholdsNotMet, ExitCode: 99},
			"None of 3,200 deliveries was lost, but k6's thresholds aren't met",
			"k6's thresholds aren't met in process 2.",
			false,
		},
		{
			result.Conclusion{How: "of another version", ExitCode: 77},
			"None of 3,200 deliveries was lost, but k6 ended with exit code 77",
			"k6 ended with exit code 77 in process 2 at 07:41:13, before it had come to its end.",
			true,
		},
	} {
		s := quick
		s.processes = 2
		files := s.files()
		files[0].Conclusion, files[1].Conclusion = &result.Conclusion{How: result.Completed}, &row.conclusion
		r := joined(t, files...)
		v := r.Verdict()
		require.Equal(t, row.headline, v.Headline)
		require.Equal(t, Bad, v.Level)
		require.Equal(t, []string{row.cause}, v.Causes)
		require.Equal(t, row.aborted, r.Aborted() != nil)
		summary := summaryOf(r, nil)
		require.Equal(t, row.aborted, summary.Aborted)
		require.Equal(t, []int{2}, summary.Endings[0].Processes)
		require.Equal(t, row.conclusion.ExitCode, summary.Endings[0].ExitCode)
	}
}

// Processes that ended alike are named together; where something was lost that comes first.
func TestVerdictOfLossesAndAnAbort(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes, s.dropped = 3, 1
	files := s.files()
	for _, f := range files {
		f.Conclusion = &result.Conclusion{How: result.AbortedByScript, Text: "test aborted: enough", ExitCode: 108}
	}
	v := joined(t, files...).Verdict()
	require.Equal(t, "4,800 of 4,800 deliveries were lost (100 %); the script aborted the test", v.Headline)
	require.Equal(t, "The script aborted the test in processes 1, 2 and 3 at 07:41:13, before it had come to its end: test aborted: enough.", v.Causes[0])
}

// The thresholds of several processes are told of in one sentence, after what went wrong.
func TestThresholdsOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes, s.refused = 2, 16
	files := s.files()
	for at, metrics := range []string{"a{x:1,y:2}, c", "b, c"} {
		files[at].Conclusion = &result.Conclusion{How: result.ThresholdsNotMet, Text: "thresholds on metrics '" + metrics + "' have been crossed", ExitCode: 99}
	}
	v := joined(t, files...).Verdict()
	require.Equal(t, "None of 3,200 deliveries was lost, but 32 connections failed", v.Headline)
	require.Len(t, v.Causes, 2)
	require.Equal(t, "k6's thresholds aren't met in processes 1 and 2: a{x:1,y:2}, b, c.", v.Causes[1])
}

func TestVerdictWithoutABarrier(t *testing.T) {
	t.Parallel()
	s := quick
	s.broadcasts = 0
	files := s.files()
	files[0].Barriers = []string{"ready(): after 1m0s, 70 of 80 listeners", "ready(): after 1m0s, 70 of 80 listeners"}
	v := joined(t, files...).Verdict()
	require.Equal(t, "Nothing was broadcast: ready() was rejected", v.Headline)
	require.Equal(t, Bad, v.Level)
	require.Equal(t, []string{"ready() was rejected in process 1: after 1m0s, 70 of 80 listeners."}, v.Causes)
}

// Where nothing was lost, it says when was missed what was missed.
func TestWhenMissed(t *testing.T) {
	t.Parallel()
	files := quick.files()
	files[0].Accounts[0].Broadcasts[3].Missed = 5
	require.Equal(t, "The missed ones were sent at 07:40:59", joined(t, files...).Verdict().When)
}

// It names the first and the last, and beside them where nearly all are.
func TestWhenLost(t *testing.T) {
	t.Parallel()
	for want, lost := range map[string]map[int]int64{ // by the number of the broadcast
		"The lost ones were sent from 07:40:58 to 07:41:07, nine in ten of them at 07:40:59":               {0: 1, 3: 20, 19: 1},
		"The lost ones were sent from 07:40:58 to 07:41:07, nine in ten of them from 07:40:58 to 07:40:59": {0: 9, 3: 9, 19: 1},
		"The lost ones were sent throughout the broadcasts, from 07:40:58 to 07:41:07":                     {0: 2, 2: 5, 9: 5, 18: 5, 19: 1},
		"The lost ones were sent from 07:41:00 to 07:41:02":                                                {4: 1, 9: 1},
		"The lost ones were sent at 07:41:00":                                                              {4: 1, 5: 9},
	} {
		files := quick.files()
		for at, n := range lost {
			files[0].Accounts[0].Broadcasts[at].Missing = n
		}
		require.Equal(t, want, joined(t, files...).Verdict().When)
	}
}

// What can't be known is no success, even where no loss is known.
func TestVerdictOfTheUnknown(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	v := joined(t, s.files()[:1]...).Verdict()
	require.Equal(t, Bad, v.Level)
	require.Equal(t, "Process 2 of 2 has left no file; none of the 1,600 known deliveries was lost", v.Headline)

	files := quick.files()
	files[0].Accounts[0] = &result.Account{
		Origin: result.Origin{Gateway: "apigw"}, Heard: result.Heard{First: 9}, Delay: &histogram.Distribution{},
	}
	r := joined(t, files...)
	require.Equal(t, "9 of others' broadcasts were timed; nothing is known of losses", r.Verdict().Headline)
	require.Equal(t, []string{"what stampPattern timed was sent by others, of whose clocks nothing is known"}, r.Clocks)
}

func TestTheTextHasTheNumbers(t *testing.T) {
	t.Parallel()
	s := small
	s.processes = 2
	files := s.files()
	r := joined(t, files...)
	e, err := ParseExpectation("lost==0")
	require.NoError(t, err)
	outcomes := append(e.Check(r), Outcome{Run: "another", Expectation: "p99<5"})
	var text bytes.Buffer
	r.Print(&text, outcomes)
	lost := number(r.Gateways[0].Lost())
	require.Contains(t, text.String(), "run small: 2 of 2 processes, 2026-11-26 07:40:48 to 07:41:13 UTC (25s)\nFAIL: lost==0: "+lost+" (exit code 1)\n"+lost+" of 1,600 deliveries were lost")
	require.Contains(t, text.String(), "  apigw      sent 20 of 20 broadcasts; expected 1,600 = received ")
	require.Contains(t, text.String(), "; clocks ±800 µs\n")
	require.Contains(t, text.String(), "  expected   lost==0 on apigw: NOT MET ("+lost+")\n")
	require.NotContains(t, text.String(), "p99<5 ")
}

// A publisher that was killed hasn't said how many broadcasts it sent. How many were planned its
// file says, or what the others heard; a broadcast() without a count has no plan.
func TestSentByAKilledPublisher(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(publisher, other *result.Account)
		text   string
	}{
		"in its file":       {func(publisher, _ *result.Account) { publisher.Planned, publisher.Running = 30, 1 }, "at least 20 of 30 broadcasts"},
		"heard by another":  {func(publisher, other *result.Account) { publisher.Planned, other.Planned = 0, 40 }, "at least 20 of 40 broadcasts"},
		"without a plan":    {func(publisher, _ *result.Account) { publisher.Planned, publisher.Running = 0, 1 }, "at least 20 broadcasts"},
		"without an origin": {func(publisher, other *result.Account) { publisher.Local, other.Planned = false, 50 }, "at least 20 of 50 broadcasts"},
	} {
		files := small.files()
		files[0].State, files[0].Ended = result.Running, nil
		row.change(files[0].Accounts[0], files[1].Accounts[0])
		files[0].Accounts[0].Broadcasts = nil
		r := joined(t, files...)
		var text, page bytes.Buffer
		r.Print(&text, nil)
		require.Contains(t, text.String(), "  apigw      sent "+row.text+"; expected ", name)
		if r.Gateways[0].Running > 0 {
			require.Nil(t, summaryOf(r, nil).Gateways[0].Unsent, name)
			in := Input{Files: files}
			require.NoError(t, in.WritePage(&page, []*Run{r}, nil))
			require.Contains(t, page.String(), `<th>Unsent</th><td class="n">unknown</td><td>sent `+row.text+"</td>", name)
		}
	}
}

func TestTextsOfNumbers(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"0", "999", "1,000", "−1,234,567"}, []string{number(0), number(999), number(1000), number(-1234567)})
	for d, want := range map[time.Duration]string{
		0: "0 ms", 5 * time.Microsecond: "5 µs", 1234 * time.Microsecond: "1.23 ms", 20 * time.Millisecond: "20 ms", 326 * time.Millisecond: "326 ms",
		1260 * time.Millisecond: "1.26 s", -time.Hour: "-1h0m0s", 3 * time.Minute: "3m0s", -2500 * time.Microsecond: "-2.5 ms",
	} {
		require.Equal(t, want, short(d))
	}
	for part, want := range map[float64]string{0: "0 %", 1: "100 %", 0.99999: "> 99.99 %", 0.000001: "< 0.01 %", 0.9963: "99.63 %"} {
		require.Equal(t, want, percent(part))
	}
	require.Equal(t, "", list(nil))
	require.Equal(t, "a, b and c", list([]string{"a", "b", "c"}))
}
