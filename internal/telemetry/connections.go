package telemetry

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/limits"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// Connected implements listen.Observer.
func (r *Recorder) Connected(took time.Duration) {
	r.process.open.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.state.BuiltinMetrics.WSSessions, r.tags.Tags, 1)
	r.observe(r.state.BuiltinMetrics.WSConnecting, r.tags.Tags, metrics.D(took))
	r.observe(r.metrics.ResponseSuccess, r.tags.Tags, 1)
}

// Failed implements listen.Observer. A host's failure isn't logged as an error, because
// the script is told of it.
func (r *Recorder) Failed(err *wire.DialError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limit := (*limits.Error)(nil); r.process.Results != nil && errors.As(err, &limit) {
		r.process.Results.MeetLimit(limit.Limit)
	}
	tags := r.tags.Tags.With("phase", string(err.Phase)).With("status", strconv.Itoa(err.Status))
	r.count(r.metrics.ConnectFailed, tags, 1)
	if !isErrorFrame(err) {
		r.observe(r.metrics.ResponseSuccess, r.tags.Tags, 0)
	}
	log := r.state.Logger.WithError(err)
	if r.role == RoleHost || !r.process.LogOnce("failure in phase "+string(err.Phase)) {
		log.Debug("pushgw: a connection failed")
		return
	}
	log.Error("pushgw: a connection failed; only the first in each phase is logged (all are with k6 run -v), pushgw_connect_failed counts all")
}

// isErrorFrame reports whether err is an error frame of the gateway's, or its
// consequence. The frame itself has been counted by Erred.
func isErrorFrame(err error) bool {
	var frame *dialect.Error
	return errors.As(err, &frame)
}

// Ready implements listen.Observer.
func (r *Recorder) Ready(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe(r.metrics.ReadyTime, r.tags.Tags, metrics.D(took))
}

// Pong implements listen.Observer.
func (r *Recorder) Pong(roundTrip time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe(r.state.BuiltinMetrics.WSPing, r.tags.Tags, metrics.D(roundTrip))
}

// Begun implements listen.Observer.
func (r *Recorder) Begun() {}

// Abandoned implements listen.Observer. What became of the connection isn't known.
func (r *Recorder) Abandoned() {}

// Closed implements listen.Observer.
func (r *Recorder) Closed(end listen.Closing) {
	r.process.open.Add(-1)
	by := "client"
	if end.ByGateway {
		by = "gateway"
	}
	if end.ByGateway || end.Violation != "" {
		r.logClosing(&end)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(r.metrics.Closed, r.tags.Tags.With("code", codeTag(end.Code)).With("by", by), 1)
	r.observe(r.state.BuiltinMetrics.WSSessionDuration, r.tags.Tags, metrics.D(end.Lasted))
}

// logClosing logs the first closing by the gateway of each code, and the first after each
// kind of violation.
func (r *Recorder) logClosing(end *listen.Closing) {
	if !r.process.LogOnce("closed with " + codeTag(end.Code) + " " + end.Violation) {
		return
	}
	reason := "without a reason"
	if end.Reason != "" {
		reason = fmt.Sprintf("%q", end.Reason)
	}
	format := "pushgw: the gateway closed a connection after %s with code %d (%s); only the first such is logged, pushgw_closed counts all"
	if end.Violation != "" {
		format = "pushgw: a connection was closed after %s with code %d, because of what the gateway sent (" + end.Violation +
			": %s); only the first such is logged, pushgw_errors and pushgw_closed count all"
	}
	r.state.Logger.Warnf(format, end.Lasted.Round(time.Millisecond), end.Code, reason)
}

// codeTag keeps the tag's values few, whatever a gateway sends.
func codeTag(code int) string {
	switch {
	case code >= 1000 && code < 1016:
		return strconv.Itoa(code)
	case code >= 3000 && code < 5000:
		return strconv.Itoa(code/1000) + "xxx"
	default:
		return "other"
	}
}
