// Package doctor examines whether a machine can do a run of so many connections,
// before the run finds out.
package doctor

import (
	"context"
	"net/netip"
	"net/url"
)

// Plan is the run that is to come, as far as it concerns this machine.
type Plan struct {
	// Connections are those of all processes together.
	Connections int
	// Processes is how many k6 processes share them.
	Processes int
	// PerVU is how many of them one VU holds.
	PerVU int
	// Secure says that they are wss.
	Secure bool
	// Gateway is what has to be reached: first where the connections go, then what
	// else is needed. It may be empty.
	Gateway []*url.URL
	// LocalIPs are those of k6's --local-ips, if it is to have any.
	LocalIPs []netip.Addr
}

// each is the number of connections of one process.
func (p Plan) each() int { return divide(p.Connections, p.Processes) }

// vus is the number of VUs of one process.
func (p Plan) vus() int { return divide(p.each(), p.PerVU) }

// divide rounds up.
func divide(a, b int) int { return (a + b - 1) / b }

// examination is a plan, the machine for it, and the addresses that connections
// go to, if they are known.
type examination struct {
	Plan
	Machine
	destinations []netip.Addr
}

// Examine looks at everything that may stand in the plan's way. There is one
// finding for each check, in an order that is always the same.
func Examine(ctx context.Context, plan Plan, host Machine) []Finding {
	e := &examination{Plan: plan, Machine: host}
	reached := e.reach(ctx)
	found := []Finding{
		e.openFiles(), e.systemFiles(), e.ports(), e.addresses(), e.tcpMemory(), e.conntrack(),
		e.memory(), e.processors(), e.clock(), e.arrivals(ctx),
	}
	return append(found, reached...)
}
