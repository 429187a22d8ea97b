package main

import "time"

// postTime is what one @connections request took in AWS's published benchmark: a mean
// of 5.4 s for 1,000 listeners, posted to one after another.
const postTime = 10700 * time.Microsecond

// article repeats the broadcasts of AWS's published benchmark, to ever more listeners, on
// both gateways.
func (b *bench) article() {
	b.table("Delay of a broadcast (ms; mean of all deliveries, and the last listener's)",
		"gateway", "listeners", "deliveries", "of", "mean", "last", "gateway's mean")
	slow := []string{"--post-time", postTime.String()}
	for _, row := range []struct {
		name, gateway string
		listeners     []int
		serve         []string
		each          time.Duration // what one listener adds to a broadcast
	}{
		{"API Gateway, 10.7 ms each, one after another", "apigw", []int{1, 1000}, slow, postTime},
		{"API Gateway, 10.7 ms each, 50 at once", "apigw", []int{1, 1000, 10_000}, append(slow, "--fanout", "50"), postTime / 50},
		{"API Gateway, one after another", "apigw", []int{1, 1000, 10_000}, nil, 0},
		{"AppSync", "appsync", []int{1, 1000, 10_000}, nil, 0},
	} {
		for _, n := range row.listeners {
			n = b.listeners(n, 1)
			perVU := min(n, b.perVU())
			l := load{
				script: native, gateway: row.gateway, listeners: n / perVU * perVU, perVU: perVU, serve: row.serve,
				broadcasts: b.broadcasts(5),
				// No broadcast has to wait for the one before.
				rate: min(0.5/b.scale, 1/(1.5*float64(n)*max(row.each, time.Microsecond).Seconds())),
			}
			m := b.measure(l)
			if b.err != nil {
				return
			}
			b.printf("| %s | %d | %d | %d | %.1f | %.1f | %.1f |\n", row.name, l.listeners, m.received, l.deliveries(),
				m.delay.Mean, m.delay.Max, m.truth.Mean)
		}
	}
	b.printf("\n")
}
