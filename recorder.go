package pushgw

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// recorder turns what happens on a VU's connections into samples. Counters are
// added up, values are gathered, and both are pushed together every so often:
// see flush. It implements listen.Observer.
//
// It pushes to the samples channel as it is, without asking whether the VU's
// context has ended, for what an interrupted VU saw counts too. So it must not
// be used any more once the VU's callback has been answered.
type recorder struct {
	state   *lib.State
	set     *metricSet
	tags    metrics.TagsAndMeta
	local   *metrics.TagSet // with origin, for deliveries
	afar    *metrics.TagSet
	process *rootModule
	role    string

	mu     sync.Mutex
	hot    hotCounts
	counts map[metrics.TimeSeries]float64
	values []value
	clocks clocks
}

// hotCounts are counted for every message.
type hotCounts struct{ sent, received, local, afar int }

// value is one observation to become a sample.
type value struct {
	series metrics.TimeSeries
	value  float64
}

// clockSkew is the error that is counted where two clocks seem to differ.
const clockSkew = "ClockSkew"

// flushAt is how many values make a flush without waiting for the next tick.
const flushAt = 2048

func newRecorder(state *lib.State, m *module, gateway, role string) *recorder {
	tags := state.Tags.GetCurrentValues()
	tags.Tags = tags.Tags.With("gateway", gateway).With("role", role)
	return &recorder{
		state: state, set: m.metrics, tags: tags, process: m.rootModule, role: role,
		local:  tags.Tags.With("origin", "local"),
		afar:   tags.Tags.With("origin", "remote"),
		counts: make(map[metrics.TimeSeries]float64),
	}
}

// Connected implements listen.Observer.
func (r *recorder) Connected(took time.Duration) {
	r.process.open.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.state.BuiltinMetrics.WSSessions, r.tags.Tags, 1)
	r.value(r.state.BuiltinMetrics.WSConnecting, r.tags.Tags, metrics.D(took))
	r.value(r.set.ResponseSuccess, r.tags.Tags, 1)
}

// Failed implements listen.Observer. Of a host's failure the script is told.
func (r *recorder) Failed(err *wire.DialError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tags := r.tags.Tags.With("phase", string(err.Phase)).With("status", strconv.Itoa(err.Status))
	r.count(r.set.ConnectFailed, tags, 1)
	if refused := (*dialect.Error)(nil); !errors.As(err, &refused) { // else it was counted as an error frame
		r.value(r.set.ResponseSuccess, r.tags.Tags, 0)
	}
	log := r.state.Logger.WithError(err)
	if r.role == roleHost || !r.process.first("failure in phase "+string(err.Phase)) {
		log.Debug("pushgw: a connection failed")
		return
	}
	log.Error("pushgw: a connection failed; of further ones, pushgw_connect_failed tells")
}

// Counted implements listen.Observer.
func (r *recorder) Counted(counter string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if metric := r.set.counter(counter); metric != nil {
		r.count(metric, r.tags.Tags, 1)
	}
}

// Answered implements listen.Observer.
func (r *recorder) Answered() { r.respond(true) }

// respond notes whether a response was what it should be.
func (r *recorder) respond(good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value(r.set.ResponseSuccess, r.tags.Tags, metrics.B(good))
}

// Ready implements listen.Observer.
func (r *recorder) Ready(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value(r.set.ReadyTime, r.tags.Tags, metrics.D(took))
}

// Sent implements listen.Observer.
func (r *recorder) Sent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hot.sent++
}

// Received implements listen.Observer.
func (r *recorder) Received() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hot.received++
}

// Delivered implements listen.Observer.
func (r *recorder) Delivered(d ledger.Delivery, lag time.Duration) {
	full := r.delivered(d, lag)
	if full {
		r.flush()
	}
}

func (r *recorder) delivered(d ledger.Delivery, lag time.Duration) (full bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tags := r.afar
	if d.Local {
		tags = r.local
	}
	if d.Duplicate {
		r.count(r.set.Duplicated, tags, 1)
		return false
	}
	if d.Local {
		r.hot.local++
	} else {
		r.hot.afar++
	}
	if d.Reordered {
		r.count(r.set.Reordered, tags, 1)
	}
	if r.clocks == nil {
		r.clocks = make(clocks) // most of ten thousand recorders may never hear anything
	}
	if r.clocks.note(d) {
		r.count(r.set.Errors, r.tags.Tags.With("error", clockSkew), 1)
	}
	r.value(r.set.RespDelay, tags, metrics.D(d.Delay))
	r.value(r.set.ReadLag, r.tags.Tags, metrics.D(lag))
	return len(r.values) >= flushAt
}

// Erred implements listen.Observer.
func (r *recorder) Erred(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.set.Errors, r.tags.Tags.With("error", name), 1)
	switch name {
	case listen.DamagedStamp, listen.LateDelivery, listen.StrayDelivery, listen.Silence:
	default: // the gateway's own word
		r.value(r.set.ResponseSuccess, r.tags.Tags, 0)
	}
}

// Unanswered counts a request that failed, if its error wasn't a response, which
// would have been counted as one.
func (r *recorder) Unanswered(err error) {
	if refused := (*dialect.Error)(nil); !errors.As(err, &refused) {
		r.respond(false)
	}
}

// Pong implements listen.Observer.
func (r *recorder) Pong(roundTrip time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.value(r.state.BuiltinMetrics.WSPing, r.tags.Tags, metrics.D(roundTrip))
}

// Closed implements listen.Observer.
func (r *recorder) Closed(code int, byGateway bool, lasted time.Duration) {
	r.process.open.Add(-1)
	by := "client"
	if byGateway {
		by = "gateway"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.set.Closed, r.tags.Tags.With("code", closeCode(code)).With("by", by), 1)
	r.value(r.state.BuiltinMetrics.WSSessionDuration, r.tags.Tags, metrics.D(lasted))
}

// closeCode keeps the tag's values few, whatever a gateway sends.
func closeCode(code int) string {
	switch {
	case code >= 1000 && code < 1016:
		return strconv.Itoa(code)
	case code >= 3000 && code < 5000:
		return strconv.Itoa(code/1000) + "xxx"
	default:
		return "other"
	}
}

// Settled records a closed account.
func (r *recorder) Settled(result *ledger.Result) {
	r.settled(result)
	r.reach(result.Received, 1)
	r.reach(result.Lost, 0)
}

// reach pushes one value for each delivery that was due, which is how a Rate of
// k6 is weighted. They are all alike and nobody changes samples, so what may be
// millions are pushed as one batch again and again.
func (r *recorder) reach(deliveries int64, v float64) {
	batch := make(metrics.Samples, min(deliveries, flushAt))
	for i := range batch {
		batch[i] = metrics.Sample{
			TimeSeries: metrics.TimeSeries{Metric: r.set.Reach, Tags: r.tags.Tags},
			Time:       time.Now(), Value: v, Metadata: r.tags.Metadata,
		}
	}
	for deliveries > 0 {
		n := min(deliveries, flushAt)
		r.state.Samples <- batch[:n]
		deliveries -= n
	}
}

func (r *recorder) settled(result *ledger.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.set.Lost, r.tags.Tags, float64(result.Lost))
	// What went well is shown as zero, rather than not at all.
	r.count(r.set.Duplicated, r.local, 0)
	r.count(r.set.Reordered, r.local, 0)
	r.count(r.set.Indeterminate, r.tags.Tags, float64(result.Indeterminate))
	for _, fanout := range result.Fanouts {
		r.value(r.set.FanoutFirst, r.tags.Tags, metrics.D(fanout.First))
		r.value(r.set.FanoutLast, r.tags.Tags, metrics.D(fanout.Last))
	}
}

// Heard records how many listeners a barrier with canaries found deaf.
func (r *recorder) Heard(deaf int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.set.Deaf, r.tags.Tags, float64(deaf))
}

// count adds to a counter. The lock is held.
func (r *recorder) count(metric *metrics.Metric, tags *metrics.TagSet, n float64) {
	r.counts[metrics.TimeSeries{Metric: metric, Tags: tags}] += n
}

// value notes one value. The lock is held.
func (r *recorder) value(metric *metrics.Metric, tags *metrics.TagSet, v float64) {
	r.values = append(r.values, value{metrics.TimeSeries{Metric: metric, Tags: tags}, v})
}

// flush pushes what has been gathered since the last time.
func (r *recorder) flush() {
	if samples := r.take(); len(samples) > 0 {
		r.state.Samples <- samples
	}
}

// finish pushes everything, and the bytes that the VU's dialer has counted.
func (r *recorder) finish() {
	r.judgeClocks()
	r.flush()
	if dialer, ok := r.state.Dialer.(*netext.Dialer); ok {
		r.state.Samples <- dialer.IOSamples(time.Now(), r.tags, r.state.BuiltinMetrics)
	}
}

// judgeClocks reports origins whose clock seems to differ.
func (r *recorder) judgeClocks() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for origin, clock := range r.clocks {
		text := origin.skewed(clock)
		if text == "" {
			continue
		}
		if clock.negative == 0 { // those were counted one by one
			r.count(r.set.Errors, r.tags.Tags.With("error", clockSkew), 1)
		}
		if r.process.first(fmt.Sprintf("clock skew of %08x", origin.id)) {
			r.state.Logger.Warn("pushgw: " + text)
		}
	}
}

// take makes samples of what has been gathered.
func (r *recorder) take() metrics.Samples {
	r.mu.Lock()
	defer r.mu.Unlock()
	builtin := r.state.BuiltinMetrics
	for _, hot := range []struct {
		n      *int
		metric *metrics.Metric
		tags   *metrics.TagSet
	}{
		{&r.hot.sent, builtin.WSMessagesSent, r.tags.Tags},
		{&r.hot.received, builtin.WSMessagesReceived, r.tags.Tags},
		{&r.hot.local, r.set.MsgReceived, r.local},
		{&r.hot.afar, r.set.MsgReceived, r.afar},
	} {
		if *hot.n > 0 {
			r.count(hot.metric, hot.tags, float64(*hot.n))
		}
	}
	r.hot = hotCounts{}
	if len(r.counts) == 0 && len(r.values) == 0 {
		return nil
	}
	now := time.Now()
	samples := make(metrics.Samples, 0, len(r.counts)+len(r.values)+1)
	add := func(series metrics.TimeSeries, v float64) {
		samples = append(samples, metrics.Sample{TimeSeries: series, Time: now, Value: v, Metadata: r.tags.Metadata})
	}
	for series, n := range r.counts {
		add(series, n)
	}
	for i := range r.values {
		add(r.values[i].series, r.values[i].value)
	}
	add(metrics.TimeSeries{Metric: r.set.Connections, Tags: r.tags.Tags}, float64(r.process.open.Load()))
	clear(r.counts)
	r.values = r.values[:0]
	return samples
}
