package e2e

import (
	"bufio"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// outcome is all that a run of k6 left behind.
type outcome struct {
	exit    int
	objects []gjson.Result // JSON objects that the script logged, perhaps with words before them
	log     []string       // what k6 logged at levels warning and error, with the error's own text
	samples []gjson.Result // see "JSON output" in k6's documentation
	stderr  string         // all that k6 logged, and whatever it wrote there as it died
	memory  int64          // the largest resident set it had, in bytes
}

func (o *outcome) readLog(log string) {
	for line := range strings.Lines(log) {
		entry := gjson.Parse(line)
		message := entry.Get("msg").Str
		switch {
		case entry.Get("source").Str == "console":
			o.objects = append(o.objects, gjson.Parse(message[max(0, strings.IndexByte(message, '{')):]))
		case entry.Get("level").Str == "warning", entry.Get("level").Str == "error":
			if cause := entry.Get("error").Str; cause != "" {
				message += ": " + cause
			}
			o.log = append(o.log, message)
		}
	}
}

func (o *outcome) readSamples(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return // k6 stopped before the test began
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		require.True(t, gjson.ValidBytes(lines.Bytes()), "%s", lines.Bytes())
		if point := gjson.ParseBytes(lines.Bytes()); point.Get("type").Str == "Point" {
			o.samples = append(o.samples, point)
		}
	}
	require.NoError(t, lines.Err())
}

// said returns the objects that the script logged, of which there have to be n.
func (o *outcome) said(t *testing.T, n int) []gjson.Result {
	t.Helper()
	require.Len(t, o.objects, n, "objects that the script logged")
	return o.objects
}

// complaint returns the only warning or error that k6 logged.
func (o *outcome) complaint(t *testing.T) string {
	t.Helper()
	require.Len(t, o.log, 1, "warnings and errors that k6 logged")
	return o.log[0]
}

// values returns a metric's values, of the samples that have these tags, each of
// the form name=value.
func (o *outcome) values(metric string, tags ...string) []float64 {
	var values []float64
	for _, sample := range o.samples {
		if sample.Get("metric").Str == metric && tagged(sample.Get("data.tags"), tags) {
			values = append(values, sample.Get("data.value").Num)
		}
	}
	return values
}

func tagged(has gjson.Result, want []string) bool {
	for _, tag := range want {
		name, value, _ := strings.Cut(tag, "=")
		if has.Get(name).Str != value {
			return false
		}
	}
	return true
}

// times returns when a metric had a value other than zero, in order.
func (o *outcome) times(metric string, tags ...string) []time.Time {
	var times []time.Time
	for _, sample := range o.samples {
		if sample.Get("metric").Str == metric && tagged(sample.Get("data.tags"), tags) && sample.Get("data.value").Num != 0 {
			times = append(times, sample.Get("data.time").Time())
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// count is a Counter's total, or how often a Rate was 1.
func (o *outcome) count(metric string, tags ...string) int {
	return int(sum(o.values(metric, tags...)))
}

// observed is how many values a Trend or a Rate has.
func (o *outcome) observed(metric string, tags ...string) int { return len(o.values(metric, tags...)) }

// latest is a Gauge's value at the end.
func (o *outcome) latest(t *testing.T, metric string) float64 {
	t.Helper()
	var value float64
	var at time.Time
	for _, sample := range o.samples {
		if sample.Get("metric").Str != metric {
			continue
		}
		if when := sample.Get("data.time").Time(); !when.Before(at) {
			at, value = when, sample.Get("data.value").Num
		}
	}
	require.False(t, at.IsZero(), "there is no value of %s", metric)
	return value
}

// requireCounts compares Counters; a key is the metric's name, perhaps with tags
// after it: "pushgw_closed by=gateway".
func (o *outcome) requireCounts(t *testing.T, want map[string]int) {
	t.Helper()
	got := make(map[string]int)
	for key := range want {
		words := strings.Fields(key)
		got[key] = o.count(words[0], words[1:]...)
	}
	require.Equal(t, want, got)
}

// requireTimes returns a Trend's n values in order, and requires that they can be
// the milliseconds that something took in this run. In seconds, what took longer
// than atLeast would be less than that, and in microseconds more than longest.
func (o *outcome) requireTimes(t *testing.T, n int, atLeast time.Duration, metric string, tags ...string) []float64 {
	t.Helper()
	times := slices.Sorted(slices.Values(o.values(metric, tags...)))
	require.Len(t, times, n, metric)
	require.Positive(t, times[0], metric)
	require.GreaterOrEqual(t, times[len(times)-1], milliseconds(atLeast), metric)
	require.Less(t, times[len(times)-1], milliseconds(longest), metric)
	return times
}

// requireClean requires a run in which nothing went wrong.
func (o *outcome) requireClean(t *testing.T) {
	t.Helper()
	require.Zero(t, o.exit, "k6's exit code")
	o.requireCounts(t, map[string]int{
		"pushgw_connect_failed": 0, "pushgw_errors": 0, "pushgw_lost": 0, "pushgw_missed": 0, "pushgw_unsent": 0,
		"pushgw_duplicated": 0, "pushgw_reordered": 0, "pushgw_indeterminate": 0,
	})
	require.NotContains(t, o.values("ResponseSuccessRate"), 0.0)
	require.NotContains(t, o.values("checks"), 0.0)
	for _, line := range o.log {
		require.Contains(t, line, "No script iterations fully finished")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func sum(values []float64) (total float64) {
	for _, value := range values {
		total += value
	}
	return total
}
