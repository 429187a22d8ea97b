package telemetry

import (
	"sync"
	"sync/atomic"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Process is what the recorders of all VUs share.
type Process struct {
	// Results gathers for the result file; nil if none is to be written. It is set before
	// there is any recorder.
	Results *result.Collector

	open    atomic.Int64 // connections
	logged  sync.Map     // keys that were logged; most calls only look one up
	foreign atomic.Int64 // how many of them others have chosen
}

// maxForeign bounds the keys that others choose, and with them what is ever logged.
const maxForeign = 20

// Connections returns how many connections are open.
func (p *Process) Connections() int64 { return p.open.Load() }

// LogOnce reports whether key is new, so that an error shared by thousands of
// connections is logged once. Its keys are few and known beforehand.
func (p *Process) LogOnce(key string) bool {
	if _, known := p.logged.Load(key); known {
		return false
	}
	_, known := p.logged.LoadOrStore(key, struct{}{})
	return !known
}

// LogForeignOnce is LogOnce for keys that a gateway, or whoever publishes there, can
// choose. They can't keep other things from being logged, however many they are.
func (p *Process) LogForeignOnce(key string) bool {
	if _, known := p.logged.Load(key); known || p.foreign.Add(1) > maxForeign {
		return false
	}
	return p.LogOnce(key)
}
