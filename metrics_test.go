package pushgw

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/metrics"
)

// Names, types and units are a contract with thresholds and dashboards.
func TestMetricsAreRegisteredAsTheyAreDocumented(t *testing.T) {
	t.Parallel()
	registry := metrics.NewRegistry()
	set, err := registerMetrics(registry)
	require.NoError(t, err)
	type kind struct {
		metrics.MetricType
		metrics.ValueType
	}
	counter, rate, gauge := kind{metrics.Counter, metrics.Default}, kind{metrics.Rate, metrics.Default}, kind{metrics.Gauge, metrics.Default}
	trend := kind{metrics.Trend, metrics.Time}
	want := map[string]kind{
		"ws_resp_delay": trend, "msg_received_counter": counter, "ResponseSuccessRate": rate,
		"nickname_counter": counter, "joined_success_counter": counter, "subscribed_success_counter": counter,
		"pushgw_connections": gauge, "pushgw_ready_time": trend, "pushgw_connect_failed": counter, "pushgw_reach": rate,
		"pushgw_lost": counter, "pushgw_duplicated": counter, "pushgw_reordered": counter, "pushgw_indeterminate": counter,
		"pushgw_unclosed": counter,
		"pushgw_deaf":     counter, "pushgw_fanout_first": trend, "pushgw_fanout_last": trend, "pushgw_read_lag": trend,
		"pushgw_missed": counter, "pushgw_unsent": counter, "pushgw_errors": counter, "pushgw_closed": counter,
	}
	got := make(map[string]kind)
	for _, m := range registry.All() {
		got[m.Name] = kind{m.Type, m.Contains}
	}
	require.Equal(t, want, got)
	for name, m := range map[string]*metrics.Metric{
		"ws_resp_delay": set.RespDelay, "msg_received_counter": set.MsgReceived, "ResponseSuccessRate": set.ResponseSuccess,
		"pushgw_connections": set.Connections, "pushgw_ready_time": set.ReadyTime, "pushgw_connect_failed": set.ConnectFailed,
		"pushgw_reach": set.Reach, "pushgw_lost": set.Lost, "pushgw_missed": set.Missed, "pushgw_unsent": set.Unsent, "pushgw_duplicated": set.Duplicated, "pushgw_reordered": set.Reordered,
		"pushgw_indeterminate": set.Indeterminate, "pushgw_unclosed": set.Unclosed, "pushgw_deaf": set.Deaf, "pushgw_fanout_first": set.FanoutFirst,
		"pushgw_fanout_last": set.FanoutLast, "pushgw_read_lag": set.ReadLag, "pushgw_errors": set.Errors, "pushgw_closed": set.Closed,
	} {
		require.Equal(t, name, m.Name)
	}
	again, err := registerMetrics(registry)
	require.NoError(t, err)
	require.Same(t, set.Reach, again.Reach)
}
