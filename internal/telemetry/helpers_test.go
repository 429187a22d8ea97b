package telemetry

import (
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// fixture is a recorder of listeners, and what it pushes and logs.
type fixture struct {
	*Recorder

	t       *testing.T
	samples chan metrics.SampleContainer
	pushed  []metrics.Sample
	log     *logtest.Hook
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOf(t, new(Process), RoleListener)
}

// newFixtureOf returns the fixture of one recorder of a process.
func newFixtureOf(t *testing.T, process *Process, role string) *fixture {
	t.Helper()
	registry := metrics.NewRegistry()
	set := &Metrics{Registry: registry}
	for name, metric := range map[string]**metrics.Metric{
		"resp_delay": &set.RespDelay, "msg_received": &set.MsgReceived, "response_success": &set.ResponseSuccess,
		"connections": &set.Connections, "ready_time": &set.ReadyTime, "connect_failed": &set.ConnectFailed,
		"reach": &set.Reach, "lost": &set.Lost, "missed": &set.Missed, "unsent": &set.Unsent, "duplicated": &set.Duplicated, "reordered": &set.Reordered,
		"indeterminate": &set.Indeterminate, "unclosed": &set.Unclosed, "deaf": &set.Deaf, "fanout_first": &set.FanoutFirst,
		"fanout_last": &set.FanoutLast, "read_lag": &set.ReadLag, "errors": &set.Errors, "closed": &set.Closed,
	} {
		*metric = registry.MustNewMetric(name, metrics.Counter)
	}
	f := &fixture{t: t, samples: make(chan metrics.SampleContainer, 1000)}
	var logger *logrus.Logger
	logger, f.log = logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	tags := lib.NewVUStateTags(registry.RootTagSet().With("scenario", "tested"))
	tags.Modify(func(tags *metrics.TagsAndMeta) { tags.SetMetadata("trace", "abc") })
	state := &lib.State{
		BuiltinMetrics: metrics.RegisterBuiltinMetrics(registry), Logger: logger, Samples: f.samples, Tags: tags,
	}
	f.Recorder = NewRecorder(state, process, set, "apigw", role)
	return f
}

// flushed flushes, and returns the values of a metric, each with those of its tags that
// were asked for.
func (f *fixture) flushed(metric string, tags ...string) []tagged {
	f.t.Helper()
	f.Flush()
	return f.found(metric, tags...)
}

// tagged is a value and the values of its tags, separated by spaces.
type tagged struct {
	value float64
	tags  string
}

func (f *fixture) found(metric string, tags ...string) []tagged {
	f.t.Helper()
	for _, container := range metrics.GetBufferedSamples(f.samples) {
		f.pushed = append(f.pushed, container.GetSamples()...)
	}
	var found []tagged
	for _, sample := range f.pushed {
		if sample.Metric.Name != metric {
			continue
		}
		require.Equal(f.t, map[string]string{"trace": "abc"}, sample.Metadata)
		require.False(f.t, sample.Time.IsZero())
		values := make([]string, 0, len(tags))
		for _, tag := range append([]string{"gateway", "role", "scenario"}, tags...) {
			value, _ := sample.Tags.Get(tag)
			values = append(values, value)
		}
		text := strings.Join(values, " ")
		own, ok := strings.CutPrefix(text, "apigw "+f.role+" tested")
		require.True(f.t, ok, text)
		found = append(found, tagged{sample.Value, strings.TrimSpace(own)})
	}
	return found
}

// logged are the messages that were logged at a level.
func (f *fixture) logged(level logrus.Level) []string {
	var messages []string
	for _, entry := range f.log.AllEntries() {
		if entry.Level == level {
			messages = append(messages, entry.Message)
		}
	}
	return messages
}
