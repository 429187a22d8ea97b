package telemetry

import (
	"fmt"

	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/listen"
	"github.com/pushgw/xk6-pushgw/internal/redact"
)

// Counted implements listen.Observer.
func (r *Recorder) Counted(counter string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if metric := r.metrics.counter(counter); metric != nil {
		r.count(metric, r.tags.Tags, 1)
	}
}

// Answered implements listen.Observer.
func (r *Recorder) Answered() { r.respond(true) }

// RequestFailed counts a request that failed without an error frame, which would have
// been counted by itself.
func (r *Recorder) RequestFailed(err error) {
	if !isErrorFrame(err) {
		r.respond(false)
	}
}

// respond counts a response as good or bad.
func (r *Recorder) respond(good bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observe(r.metrics.ResponseSuccess, r.tags.Tags, metrics.B(good))
}

// Erred implements listen.Observer.
func (r *Recorder) Erred(name string) {
	r.explain(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.countError(name)
	if listen.IsResponse(name) {
		r.observe(r.metrics.ResponseSuccess, r.tags.Tags, 0)
	}
}

// ErrorFrame implements listen.Observer. The first of each name and role is logged, because it
// often answers something that no promise stands for, such as a broadcast.
func (r *Recorder) ErrorFrame(e *dialect.Error) {
	if r.process.LogOnce("error frame " + r.role + " " + e.Name) {
		said := "without a message"
		if e.Message != "" {
			said = fmt.Sprintf("%.200q", redact.Message(e.Message))
		}
		if r.gateway == "apigw" && e.Name == "Forbidden" {
			said += ", the answer to a message for which the API has no route"
		}
		r.state.Logger.Warnf("pushgw: the gateway sent a %s an error frame (%s: %s); only the first such is logged, pushgw_errors{error:%s} counts all",
			r.role, e.Name, said, e.Name)
	}
	r.Erred(e.Name)
}

// countError counts an error of a name from the closed set. The lock is held.
func (r *Recorder) countError(name string) {
	r.count(r.metrics.Errors, r.tags.Tags.With("error", name), 1)
}
