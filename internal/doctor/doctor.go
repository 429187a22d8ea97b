// Package doctor examines, before a run, whether a machine can hold the run's connections.
package doctor

import (
	"context"
	"net/netip"
	"net/url"
	"time"
)

// Plan is the part of a run that is to take place on one machine.
type Plan struct {
	// Connections is the number of connections of all processes together.
	Connections int
	// Processes is the number of k6 processes that share the connections.
	Processes int
	// PerVU is the number of connections that one VU holds.
	PerVU int
	// Secure is set for wss connections.
	Secure bool
	// Gateway has the URLs that must be reachable: first that of the connections, then
	// any others. It may be empty.
	Gateway []*url.URL
	// LocalIPs are the addresses of k6's option --local-ips. It may be empty.
	LocalIPs []netip.Addr
}

// perProcess returns the number of connections of one process.
func (p Plan) perProcess() int { return divideUp(p.Connections, p.Processes) }

// vus returns the number of VUs of one process.
func (p Plan) vus() int { return divideUp(p.perProcess(), p.PerVU) }

// divideUp divides and rounds up.
func divideUp(a, b int) int { return (a + b - 1) / b }

// examination is the state of Examine.
type examination struct {
	Plan
	Machine
	// destinations are the addresses of the gateway, if they are known.
	destinations []netip.Addr
	// timeout bounds each step of reaching the gateway.
	timeout time.Duration
}

const defaultTimeout = 5 * time.Second

// Examine checks everything that could make the plan fail on machine. It returns a
// finding for each check, always in the same order.
func Examine(ctx context.Context, plan Plan, machine Machine) []Finding {
	e := &examination{Plan: plan, Machine: machine, timeout: defaultTimeout}
	reached := e.reach(ctx)
	found := []Finding{
		e.openFiles(), e.systemFiles(), e.ports(), e.addresses(), e.tcpMemory(), e.conntrack(),
		e.memory(), e.processors(), e.clock(), e.arrivals(ctx),
	}
	return append(found, reached...)
}
