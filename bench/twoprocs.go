package main

import "sync"

// twoProcesses measures the largest broadcast of AWS's published benchmark, to 20,000
// AppSync listeners: two k6 processes with half of them each, and a gateway for each,
// because the machine that this was written for lets a process open 20,000 files.
func (b *bench) twoProcesses() {
	l := load{
		script: native, gateway: "appsync", perVU: b.perVU(), listeners: b.listeners(10_000, b.perVU()),
		broadcasts: b.broadcasts(100), rate: 1,
	}
	var halves [2]*measured
	var errs [2]error
	var both sync.WaitGroup
	for i := range halves {
		both.Go(func() { halves[i], errs[i] = measure(b.ctx, b.k6, l) })
	}
	both.Wait()
	for _, err := range errs {
		if b.err == nil {
			b.err = err
		}
	}
	if b.err != nil {
		return
	}
	b.table("Two k6 processes at once, each with its half of the AppSync listeners (ms)",
		"listeners", "broadcasts", "deliveries", "of", "mean", "gateway's mean", "p95", "gateway's p95", "read lag, mean")
	for _, m := range halves {
		b.printf("| %d | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n", l.listeners, l.broadcasts, m.received, l.deliveries(),
			m.delay.Mean, m.truth.Mean, m.delay.P95, m.truth.P95, m.lag.Mean)
	}
	b.printf("\n")
}
