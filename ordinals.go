package pushgw

import "sync"

// ordinals number the VUs that listen at each endpoint, in the order in which they first do.
// k6's own numbers of VUs would not do, because k6 deals them out among scenarios in an order
// that varies from run to run. The zero value is ready for use.
type ordinals struct {
	mu    sync.Mutex
	known map[string]map[uint64]int64 // by endpoint, and the VU's number
}

// of returns a VU's ordinal at an endpoint, from zero. The VU keeps it.
func (o *ordinals) of(endpoint string, vu uint64) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = make(map[string]map[uint64]int64)
	}
	if o.known[endpoint] == nil {
		o.known[endpoint] = make(map[uint64]int64)
	}
	vus := o.known[endpoint]
	ordinal, ok := vus[vu]
	if !ok {
		ordinal = int64(len(vus))
		vus[vu] = ordinal
	}
	return ordinal
}

// ordinal returns a VU's ordinal among those of the whole test that listen at an endpoint. Where
// execution segments divide the test, its processes take turns. Where nobody knows how many
// processes there are, each counts for itself.
func (p *process) ordinal(endpoint string, vu uint64) int64 {
	ordinal := p.ordinals.of(endpoint, vu)
	if run := p.ledger.Run(); run.Processes > 1 {
		ordinal = ordinal*int64(run.Processes) + int64(run.Process) - 1
	}
	return ordinal
}
