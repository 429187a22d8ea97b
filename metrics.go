package pushgw

import (
	"fmt"
	"sync"

	"go.k6.io/k6/v2/metrics"
)

// The blog's names, which its readers know.
const (
	nameRespDelay       = "ws_resp_delay"
	nameMsgReceived     = "msg_received_counter"
	nameResponseSuccess = "ResponseSuccessRate"
)

// metricSet is every metric of the extension in one registry. k6's own are a VU's
// BuiltinMetrics.
type metricSet struct {
	registry *metrics.Registry

	mu       sync.Mutex
	counters map[string]*metrics.Metric // for the steps of a handshake, by name

	RespDelay       *metrics.Metric // arrival less intended send time
	MsgReceived     *metrics.Metric // deliveries, first copies
	ResponseSuccess *metrics.Metric // 1 for each response that is what it should be, 0 for each error

	Connections   *metrics.Metric // open in this process
	ReadyTime     *metrics.Metric // dial to ready
	ConnectFailed *metrics.Metric // tags phase, status
	Reach         *metrics.Metric // received ÷ (received + lost)
	Lost          *metrics.Metric
	Duplicated    *metrics.Metric
	Reordered     *metrics.Metric
	Indeterminate *metrics.Metric
	Deaf          *metrics.Metric // listeners that heard no canary
	FanoutFirst   *metrics.Metric // first listener reached, per broadcast
	FanoutLast    *metrics.Metric // last listener reached, per broadcast
	ReadLag       *metrics.Metric // arrival to read
	Errors        *metrics.Metric // tag error
	Closed        *metrics.Metric // tags code, by
}

// registerMetrics registers all of them, which is allowed in the init context
// only, and any number of times.
func registerMetrics(registry *metrics.Registry) (*metricSet, error) {
	set := &metricSet{registry: registry, counters: make(map[string]*metrics.Metric)}
	for _, m := range []struct {
		to       **metrics.Metric
		name     string
		kind     metrics.MetricType
		contains metrics.ValueType
	}{
		{&set.RespDelay, nameRespDelay, metrics.Trend, metrics.Time},
		{&set.MsgReceived, nameMsgReceived, metrics.Counter, metrics.Default},
		{&set.ResponseSuccess, nameResponseSuccess, metrics.Rate, metrics.Default},
		{&set.Connections, "pushgw_connections", metrics.Gauge, metrics.Default},
		{&set.ReadyTime, "pushgw_ready_time", metrics.Trend, metrics.Time},
		{&set.ConnectFailed, "pushgw_connect_failed", metrics.Counter, metrics.Default},
		{&set.Reach, "pushgw_reach", metrics.Rate, metrics.Default},
		{&set.Lost, "pushgw_lost", metrics.Counter, metrics.Default},
		{&set.Duplicated, "pushgw_duplicated", metrics.Counter, metrics.Default},
		{&set.Reordered, "pushgw_reordered", metrics.Counter, metrics.Default},
		{&set.Indeterminate, "pushgw_indeterminate", metrics.Counter, metrics.Default},
		{&set.Deaf, "pushgw_deaf", metrics.Counter, metrics.Default},
		{&set.FanoutFirst, "pushgw_fanout_first", metrics.Trend, metrics.Time},
		{&set.FanoutLast, "pushgw_fanout_last", metrics.Trend, metrics.Time},
		{&set.ReadLag, "pushgw_read_lag", metrics.Trend, metrics.Time},
		{&set.Errors, "pushgw_errors", metrics.Counter, metrics.Default},
		{&set.Closed, "pushgw_closed", metrics.Counter, metrics.Default},
	} {
		metric, err := registry.NewMetric(m.name, m.kind, m.contains)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", m.name, err)
		}
		*m.to = metric
	}
	for _, name := range []string{"nickname_counter", "joined_success_counter", "subscribed_success_counter"} {
		if err := set.addCounter(name); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// addCounter registers a counter for a step of a handshake.
func (set *metricSet) addCounter(name string) error {
	metric, err := set.registry.NewMetric(name, metrics.Counter, metrics.Default)
	if err != nil {
		return fmt.Errorf("metric %q: %w", name, err)
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	set.counters[name] = metric
	return nil
}

// counter is nil for a name that hasn't been added.
func (set *metricSet) counter(name string) *metrics.Metric {
	set.mu.Lock()
	defer set.mu.Unlock()
	return set.counters[name]
}
