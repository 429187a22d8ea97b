package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Recorder gathers what happens during one call of a client's method and pushes it as
// samples. Counters are added up, values are kept one by one, and both are pushed
// together; see Flush. It implements listen.Observer.
//
// It pushes to the samples channel without asking whether the VU's context has ended,
// because what an interrupted VU saw counts too. So it must not be used any more once
// the callback that holds the iteration open has been answered.
type Recorder struct {
	state   *lib.State
	metrics *Metrics
	process *Process
	tags    metrics.TagsAndMeta
	local   *metrics.TagSet // the tags and origin, for deliveries
	remote  *metrics.TagSet
	role    string
	gateway string

	bytesPushed atomic.Int64 // when the bytes were pushed last, in ns since 1970

	mu           sync.Mutex
	messages     messageCounts
	counts       map[metrics.TimeSeries]float64
	observations []observation
	clocks       clocks
	deliveries   []result.Delivery // for the result file, if there is one
}

var _ listen.Observer = (*Recorder)(nil)

// messageCounts are counted for every message, so they are no map.
type messageCounts struct{ sent, received, local, remote int }

// observation is one value to become a sample.
type observation struct {
	series metrics.TimeSeries
	value  float64
}

// The roles of connections: the values of the tag role.
const (
	RoleListener = "listener"
	RoleHost     = "host"
)

// flushAt is how many observations are pushed without waiting for the next tick.
const flushAt = 2048

// NewRecorder returns a recorder whose samples have the VU's tags, and these two.
func NewRecorder(state *lib.State, process *Process, m *Metrics, gateway, role string) *Recorder {
	tags := state.Tags.GetCurrentValues()
	tags.Tags = tags.Tags.With("gateway", gateway).With("role", role)
	r := &Recorder{
		state: state, metrics: m, process: process, tags: tags, role: role, gateway: gateway,
		local:  tags.Tags.With("origin", "local"),
		remote: tags.Tags.With("origin", "remote"),
		counts: make(map[metrics.TimeSeries]float64),
	}
	r.bytesPushed.Store(time.Now().UnixNano())
	return r
}

// count adds to a counter. The lock is held.
func (r *Recorder) count(metric *metrics.Metric, tags *metrics.TagSet, n float64) {
	r.counts[metrics.TimeSeries{Metric: metric, Tags: tags}] += n
}

// observe keeps one value. The lock is held.
func (r *Recorder) observe(metric *metrics.Metric, tags *metrics.TagSet, v float64) {
	r.observations = append(r.observations, observation{metrics.TimeSeries{Metric: metric, Tags: tags}, v})
}

// Flush pushes what has been gathered since the last time.
func (r *Recorder) Flush() {
	samples, batch := r.take()
	if batch != nil {
		r.process.Results.Add(batch, time.Now())
	}
	if len(samples) == 0 {
		return
	}
	r.push(samples)
	if now, last := time.Now().UnixNano(), r.bytesPushed.Load(); now-last >= int64(bytesEvery) && r.bytesPushed.CompareAndSwap(last, now) {
		r.pushBytes()
	}
}

// bytesEvery is how often the bytes that were sent and received are pushed, at the most, so
// that they show while a call goes on that may take hours.
const bytesEvery = time.Second

// pushBytes pushes how many bytes the VU's dialer has counted since it was asked last.
func (r *Recorder) pushBytes() {
	if dialer, ok := r.state.Dialer.(*netext.Dialer); ok {
		r.push(dialer.IOSamples(time.Now(), r.tags, r.state.BuiltinMetrics))
	}
}

// push gives samples to k6. After a setup() or teardown() that failed, k6 doesn't wait
// for what its connections still have to tell and closes the channel, so that sending
// panics.
func (r *Recorder) push(samples metrics.SampleContainer) {
	defer func() {
		if recover() != nil && r.process.LogOnce("samples lost") {
			r.state.Logger.Warn("pushgw: samples are lost, because k6 ended before a connection did: " +
				"a setup() or teardown() that fails must close its connections")
		}
	}()
	r.state.Samples <- samples
}

// Finish pushes everything, and the bytes that the VU's dialer has counted.
func (r *Recorder) Finish() {
	r.judgeClocks()
	r.Flush()
	r.pushBytes()
}

// take makes samples of what has been gathered, and what the result file is to have of
// it, if there is one.
func (r *Recorder) take() (metrics.Samples, *result.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.countMessages()
	if len(r.counts) == 0 && len(r.observations) == 0 {
		return nil, nil
	}
	batch := r.batch()
	now := time.Now()
	samples := make(metrics.Samples, 0, len(r.counts)+len(r.observations)+1)
	add := func(series metrics.TimeSeries, v float64) {
		samples = append(samples, metrics.Sample{TimeSeries: series, Time: now, Value: v, Metadata: r.tags.Metadata})
	}
	for series, n := range r.counts {
		add(series, n)
	}
	for _, o := range r.observations {
		add(o.series, o.value)
	}
	add(metrics.TimeSeries{Metric: r.metrics.Connections, Tags: r.tags.Tags}, float64(r.process.open.Load()))
	clear(r.counts)
	r.observations = r.observations[:0]
	return samples, batch
}

// countMessages adds what was counted for every message to the counters. The lock is
// held.
func (r *Recorder) countMessages() {
	builtin := r.state.BuiltinMetrics
	for _, m := range []struct {
		n      int
		metric *metrics.Metric
		tags   *metrics.TagSet
	}{
		{r.messages.sent, builtin.WSMessagesSent, r.tags.Tags},
		{r.messages.received, builtin.WSMessagesReceived, r.tags.Tags},
		{r.messages.local, r.metrics.MsgReceived, r.local},
		{r.messages.remote, r.metrics.MsgReceived, r.remote},
	} {
		if m.n > 0 {
			r.count(m.metric, m.tags, float64(m.n))
		}
	}
	r.messages = messageCounts{}
}
