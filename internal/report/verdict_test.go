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
			headline: "20 of 1,420 deliveries were lost (1.41 %), and 180 more missed", when: "All of them sent at 07:41:03",
			causes: []string{
				"Cut by the gateway: 20 were due to listeners whose connections it or the network ended (20 with code 1001).",
				"Missed: 180 were sent while a listener was cut off, so that nobody was there.",
			},
		},
		"dropped": {
			change: func(s *story) { s.dropped = 1 }, level: Bad, headline: "1,600 of 1,600 deliveries were lost (100 %)",
			when:   "Nine in ten of them sent from 07:40:58 to 07:41:06, so all through the broadcasts",
			causes: []string{"Dropped: 1,600 never came in time, though the listeners stayed connected."},
		},
		"refused": {
			change: func(s *story) { s.refused = 16 }, level: Bad, headline: "No delivery was lost of 1,600, but 16 connections failed",
			causes: []string{"Refused: 16 connections with status 429 Too Many Requests."},
		},
		"late generator": {
			change: func(s *story) { s.lag = 80 * time.Millisecond }, level: Suspect,
			headline: "No delivery was lost: all 1,600 were received, by a load generator that was late itself",
			causes:   []string{"Load generator late: 1 in 100 deliveries was read "},
		},
		"limit": {
			change: func(s *story) { s.limit = "open files" }, level: Suspect,
			headline: "No delivery was lost: all 1,600 were received, by a load generator that was late itself",
			causes:   []string{"Load generator at fault: it met a limit of its own host: open files."},
		},
		"nothing": {
			change: func(s *story) { s.broadcasts = 0 }, level: Good, headline: "Nothing was broadcast",
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
		"4 are indeterminate":              func(f *result.File) { f.Accounts[0].Broadcasts[0].Indeterminate = 4 },
	} {
		files := quick.files()
		change(files[0])
		v := joined(t, files...).Verdict()
		require.Equal(t, Bad, v.Level, but)
		require.Equal(t, "No delivery was lost of 1,600, but "+but, v.Headline)
		require.NotEmpty(t, v.Causes, but)
	}
}

// What can't be known is no success, even where no loss is known.
func TestVerdictOfTheUnknown(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	v := joined(t, s.files()[:1]...).Verdict()
	require.Equal(t, Suspect, v.Level)
	require.Equal(t, "It isn't known how many deliveries were lost; none of the 1,600 that are accounted for", v.Headline)

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
	require.Contains(t, text.String(), "run small: 2 of 2 processes, 2026-11-26 07:40:48 to 07:41:13 UTC (25s)\n"+lost+" of 1,600 deliveries were lost")
	require.Contains(t, text.String(), "  apigw      sent 20 of 20 broadcasts; expected 1,600 = received ")
	require.Contains(t, text.String(), "; clocks ±800 µs\n")
	require.Contains(t, text.String(), "  expected   lost==0 on apigw: NOT MET ("+lost+")\n")
	require.NotContains(t, text.String(), "p99<5 ")
}

// A publisher that was killed has not said how many broadcasts it was to send.
func TestAKilledPublisherSentAtLeastWhatWasHeard(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[0].State, files[0].Ended = result.Running, nil
	files[0].Accounts[0].Planned, files[0].Accounts[0].Broadcasts = 0, nil
	var text bytes.Buffer
	joined(t, files...).Print(&text, nil)
	require.Contains(t, text.String(), "  apigw      sent at least 20 broadcasts; expected ")
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
