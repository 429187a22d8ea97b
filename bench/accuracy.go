package main

// accuracy compares the delay that is reported with the delay that the gateway saw.
func (b *bench) accuracy() {
	b.table("Delay, 1 broadcast a second (ms)",
		"listeners", "number", "deliveries", "of", "mean", "gateway's mean", "p95", "gateway's p95", "read lag, mean")
	for _, row := range []struct {
		name, script, gateway string
		perVU                 int
	}{
		{"pushgw, API Gateway", native, "apigw", b.perVU()},
		{"pushgw, AppSync", native, "appsync", b.perVU()},
		{"plain k6/ws, API Gateway", plain, "apigw", 1},
	} {
		l := load{
			script: row.script, gateway: row.gateway, perVU: row.perVU, listeners: b.listeners(10_000, row.perVU),
			broadcasts: b.broadcasts(20), rate: 1, serve: []string{"--fanout", "2"},
		}
		m := b.measure(l)
		if b.err != nil {
			return
		}
		b.printf("| %s | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n", row.name, l.listeners, m.received, l.deliveries(),
			m.delay.Mean, m.truth.Mean, m.delay.P95, m.truth.P95, m.lag.Mean)
	}
	b.printf("\n")
}
