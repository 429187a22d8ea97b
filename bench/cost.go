package main

// cost measures what one listener and one delivery cost the k6 process.
func (b *bench) cost() {
	b.table("Cost in the k6 process",
		"listeners", "number", "kB resident each", "ms CPU to connect and join, each", "µs CPU per delivery")
	for _, row := range []struct {
		name, script, gateway string
		tls                   bool
		number, perVU         int
	}{
		{"pushgw, API Gateway, ws", native, "apigw", false, 15_000, b.perVU()},
		{"pushgw, API Gateway, wss", native, "apigw", true, 15_000, b.perVU()},
		{"pushgw, AppSync, ws", native, "appsync", false, 15_000, b.perVU()},
		{"pushgw, API Gateway, ws, one per VU", native, "apigw", false, 10_000, 1},
		{"plain k6/ws, API Gateway, ws", plain, "apigw", false, 10_000, 1},
	} {
		l := load{
			script: row.script, gateway: row.gateway, tls: row.tls, perVU: row.perVU, listeners: b.listeners(row.number, row.perVU),
			broadcasts: b.broadcasts(20), rate: 1, serve: []string{"--fanout", "2"},
		}
		many := b.measure(l)
		single := l
		single.listeners, single.perVU, single.broadcasts = 1, 1, 0
		one := b.measure(single)
		if b.err != nil {
			return
		}
		b.printf("| %s | %d | %.1f | %.2f | %.1f |\n", row.name, l.listeners,
			float64(many.ready.resident-one.ready.resident)/float64(max(l.listeners-1, 1))/1000,
			(many.ready.cpu-many.begin.cpu).Seconds()*1000/float64(l.listeners),
			(many.heard.cpu-many.ready.cpu).Seconds()*1e6/float64(max(many.received, 1)))
	}
	b.printf("\n")
}
