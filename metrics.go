package pushgw

import (
	"fmt"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// The names of AWS's published benchmark, which its readers know.
const (
	nameRespDelay       = "ws_resp_delay"
	nameMsgReceived     = "msg_received_counter"
	nameResponseSuccess = "ResponseSuccessRate"
)

// handshakeCounters count the steps of the dialects' own handshakes.
var handshakeCounters = []string{"nickname_counter", "joined_success_counter", "subscribed_success_counter"}

// registerMetrics registers every metric of the extension by its name, which is
// allowed in the init context only, and any number of times.
func registerMetrics(registry *metrics.Registry) (*telemetry.Metrics, error) {
	set := &telemetry.Metrics{Registry: registry}
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
		{&set.Missed, "pushgw_missed", metrics.Counter, metrics.Default},
		{&set.Unsent, "pushgw_unsent", metrics.Counter, metrics.Default},
		{&set.Duplicated, "pushgw_duplicated", metrics.Counter, metrics.Default},
		{&set.Reordered, "pushgw_reordered", metrics.Counter, metrics.Default},
		{&set.Indeterminate, "pushgw_indeterminate", metrics.Counter, metrics.Default},
		{&set.Unclosed, "pushgw_unclosed", metrics.Counter, metrics.Default},
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
	for _, name := range handshakeCounters {
		if err := set.AddCounter(name); err != nil {
			return nil, err
		}
	}
	return set, nil
}
