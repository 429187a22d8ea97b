package main

import "fmt"

// blog repeats the blog's broadcasts to ever more listeners, on both gateways. Its
// API Gateway took 10.7 ms for each listener, one after another; that is what
// --post-time is for.
func (b *bench) blog() {
	fmt.Println("Delay of a broadcast (ms; mean of all deliveries, and the last listener's)")
	fmt.Println()
	fmt.Println("| gateway | listeners | mean | last | gateway's mean |")
	fmt.Println("|---|---|---|---|---|")
	for _, row := range []struct {
		name, gateway string
		listeners     []int
		serve         []string
	}{
		{"API Gateway, one after another, 10.7 ms each", "apigw", []int{1, 1000}, []string{"--post-time", "10700us"}},
		{"API Gateway, 50 at once, 10.7 ms each", "apigw", []int{1, 1000, 10_000}, []string{"--post-time", "10700us", "--fanout", "50"}},
		{"API Gateway, one after another", "apigw", []int{1, 1000, 10_000}, nil},
		{"AppSync", "appsync", []int{1, 1000, 10_000}, nil},
	} {
		for _, n := range row.listeners {
			n = b.listeners(n, 1)
			perVU := min(n, 500)
			m := b.measure(load{
				script: native, gateway: row.gateway, listeners: b.listeners(n, perVU), perVU: perVU,
				broadcasts: 3, rate: 0.5, serve: row.serve,
			})
			if b.err != nil {
				return
			}
			fmt.Printf("| %s | %d | %.1f | %.1f | %.1f |\n", row.name, n, m.delay.Mean, m.delay.Max, m.truth.Mean)
		}
	}
	fmt.Println()
}

// sustained sends for a minute and looks whether anything is lost, or grows.
func (b *bench) sustained() {
	n := b.listeners(10_000, 500)
	const rate, seconds = 5, 60
	fmt.Printf("Sustained: %d listeners, %d broadcasts a second for %d s, k6's summary on\n\n", n, rate, seconds)
	fmt.Println("| gateway | deliveries | of | mean delay, ms | gateway's mean | kB resident per delivery, k6 |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, gateway := range []string{"apigw", "appsync"} {
		m := b.measure(load{
			script: native, gateway: gateway, listeners: n, perVU: 500,
			broadcasts: rate * seconds, rate: rate, serve: []string{"--fanout", "2"},
		})
		if b.err != nil {
			return
		}
		grown := float64(m.heard.resident-m.ready.resident) / float64(max(m.received, 1))
		fmt.Printf("| %s | %d | %d | %.1f | %.1f | %.3f |\n", gateway, m.received, n*rate*seconds, m.delay.Mean, m.truth.Mean, grown/1000)
	}
	fmt.Println()
}
