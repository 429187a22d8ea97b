// Package telemetry turns what happens on a VU's connections into k6's samples: it
// gathers them and pushes them together ten times a second. It also has the one ticker
// of the process, and watches for publishers whose clock differs.
package telemetry

import (
	"fmt"
	"sync"

	"go.k6.io/k6/v2/metrics"
)

// Metrics are the extension's own metrics in one registry. All VUs share them; k6's
// own are a VU's BuiltinMetrics. What each of them means is in docs/metrics.md.
type Metrics struct {
	Registry *metrics.Registry

	RespDelay       *metrics.Metric // arrival less intended send time
	MsgReceived     *metrics.Metric // deliveries, first copies
	ResponseSuccess *metrics.Metric // 1 for each response that is what it should be, 0 for each error

	Connections   *metrics.Metric // open in this process
	ReadyTime     *metrics.Metric // dial to ready
	ConnectFailed *metrics.Metric // tags phase, status
	Reach         *metrics.Metric // received ÷ (received + lost)
	Lost          *metrics.Metric // tag cause
	Missed        *metrics.Metric // sent while a listener was cut off
	Unsent        *metrics.Metric // planned and not sent
	Duplicated    *metrics.Metric
	Reordered     *metrics.Metric
	Indeterminate *metrics.Metric
	Unclosed      *metrics.Metric // accounts of other processes' broadcasts whose end was not heard
	Deaf          *metrics.Metric // listeners that heard no canary
	FanoutFirst   *metrics.Metric // first listener reached, per broadcast
	FanoutLast    *metrics.Metric // last listener reached, per broadcast
	ReadLag       *metrics.Metric // arrival to read
	Errors        *metrics.Metric // tag error
	Closed        *metrics.Metric // tags code, by

	mu       sync.Mutex
	counters map[string]*metrics.Metric // for the steps of a handshake, by name
}

// AddCounter registers a counter for a step of a handshake. That is allowed in the
// init context only, and any number of times.
func (m *Metrics) AddCounter(name string) error {
	metric, err := m.Registry.NewMetric(name, metrics.Counter, metrics.Default)
	if err != nil {
		return fmt.Errorf("metric %q: %w", name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counters == nil {
		m.counters = make(map[string]*metrics.Metric)
	}
	m.counters[name] = metric
	return nil
}

// counter returns the counter that was added under this name, or nil.
func (m *Metrics) counter(name string) *metrics.Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counters[name]
}
