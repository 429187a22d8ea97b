package main

import (
	"fmt"
	"time"
)

// A Trend of k6's keeps every value, eight bytes each, and two Trends get one for
// each delivery: ws_resp_delay and pushgw_read_lag.
const trendBytes = 2 * 8

// warmUp is how long memory may grow before it has to be flat.
const warmUp = 10 * time.Second

// sustained sends for a minute and looks whether anything is lost, or grows. With
// its summary off, k6 keeps no values; what grows then would be ours.
func (b *bench) sustained() {
	b.table("Sustained: 5 broadcasts a second for a minute",
		"gateway", "k6's summary", "listeners", "deliveries", "of", "mean delay, ms", "gateway's mean",
		"MB resident after 10 s", "at the end", "k6's Trend values in between")
	for _, row := range []struct {
		gateway, summary string
		flags            []string
	}{
		{"apigw", "on", nil},
		{"apigw", "off", []string{"--summary-mode=disabled", "--no-thresholds"}},
		{"appsync", "on", nil},
		{"appsync", "off", []string{"--summary-mode=disabled", "--no-thresholds"}},
	} {
		l := load{
			script: native, gateway: row.gateway, perVU: b.perVU(), listeners: b.listeners(10_000, b.perVU()),
			broadcasts: b.broadcasts(300), rate: 5, serve: []string{"--fanout", "2"}, flags: row.flags,
			warmUp: time.Duration(b.scale * float64(warmUp)),
		}
		m := b.measure(l)
		if b.err != nil {
			return
		}
		delay, values := "", ""
		if row.flags == nil {
			delay = fmt.Sprintf("%.1f", m.delay.Mean)
			between := float64(l.broadcasts) - l.rate*l.warmUp.Seconds()
			values = fmt.Sprintf("%.0f", trendBytes*float64(l.listeners)*between/(1<<20))
		}
		b.printf("| %s | %s | %d | %d | %d | %s | %.1f | %d | %d | %s |\n", row.gateway, row.summary, l.listeners, m.received, l.deliveries(),
			delay, m.truth.Mean, m.warm.resident>>20, m.heard.resident>>20, values)
	}
	b.printf("\n")
}
