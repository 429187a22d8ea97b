package telemetry

import (
	"sync"
	"sync/atomic"
)

// Process is what the recorders of all VUs share.
type Process struct {
	open atomic.Int64 // connections

	mu     sync.Mutex
	logged map[string]bool
}

// maxLogged bounds the keys that are remembered, and with them what is ever logged:
// some of them are a gateway's choice.
const maxLogged = 200

// LogOnce reports whether key is new, so that an error shared by thousands of
// connections is logged once.
func (p *Process) LogOnce(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logged[key] || len(p.logged) == maxLogged {
		return false
	}
	if p.logged == nil {
		p.logged = make(map[string]bool)
	}
	p.logged[key] = true
	return true
}
