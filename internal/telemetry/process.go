package telemetry

import (
	"sync"
	"sync/atomic"
)

// Process is what the recorders of all VUs share.
type Process struct {
	open atomic.Int64 // connections

	mu      sync.Mutex
	logged  map[string]bool
	foreign int // how many of the keys in logged others have chosen
}

// maxForeign bounds the keys that others choose, and with them what is ever logged.
const maxForeign = 20

// LogOnce reports whether key is new, so that an error shared by thousands of
// connections is logged once. Its keys are few and known beforehand.
func (p *Process) LogOnce(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.isNew(key)
}

// LogForeignOnce is LogOnce for keys that a gateway, or whoever publishes there, can
// choose. They can't keep other things from being logged, however many they are.
func (p *Process) LogForeignOnce(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.foreign == maxForeign || !p.isNew(key) {
		return false
	}
	p.foreign++
	return true
}

// isNew remembers key. The lock is held.
func (p *Process) isNew(key string) bool {
	if p.logged[key] {
		return false
	}
	if p.logged == nil {
		p.logged = make(map[string]bool)
	}
	p.logged[key] = true
	return true
}
