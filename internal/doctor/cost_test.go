package doctor

import "testing"

func TestMemory(t *testing.T) {
	t.Parallel()
	available := func(kilobytes string) map[string]string {
		return map[string]string{"proc/meminfo": "MemAvailable: " + kilobytes + " kB\n"}
	}
	examine(t, "memory", map[string]variation{
		"wss":        {plan: func(p *Plan) { p.Secure = true }, needed: "433 MB, 50 MB of it the kernel's"},
		"many VUs":   {plan: func(p *Plan) { p.PerVU = 1 }, needed: "1.4 GB, 50 MB of it the kernel's"},
		"processes":  {plan: func(p *Plan) { p.Processes = 4 }, needed: "413 MB"},
		"uneven VUs": {plan: func(p *Plan) { p.Connections = 10_001 }, needed: "233 MB"}, // 232.39 MB
		"uneven processes": {
			plan: func(p *Plan) { p.Connections, p.PerVU, p.Processes = 10_001, 5_000, 2 }, needed: "291 MB",
		},
		// 232.26 MB are needed. That is just 75 % of 302,422 kB, and just less than 226,817 kB.
		"three quarters":      {files: available("302422"), found: "310 MB available"},
		"over three quarters": {files: available("302421"), level: Warn, change: "more machines (k6's --execution-segment)"},
		"hardly enough":       {files: available("226817"), level: Warn, found: "233 MB available"},
		"not enough":          {files: available("226816"), level: Fail, found: "233 MB available", change: "more machines (k6's --execution-segment)"},
		"too many VUs": {
			plan: func(p *Plan) { p.PerVU = 1 }, files: available("1000000"),
			level: Fail, change: "500 connections in a VU take 233 MB",
		},
		"too many VUs, and little memory": {
			plan: func(p *Plan) { p.PerVU = 1 }, files: available("302420"),
			level: Fail, change: "more machines (k6's --execution-segment)",
		},
	})
}

func TestProcessors(t *testing.T) {
	t.Parallel()
	examine(t, "CPU", map[string]variation{
		"wss":      {plan: func(p *Plan) { p.Secure = true }, needed: "5s of them all to open the connections"},
		"one":      {machine: func(m *Machine) { m.CPUs = 1 }, found: "1, for about 66000 deliveries a second", needed: "5s of them all"},
		"busy":     {plan: connections(133_333), needed: "1s to read a broadcast"},
		"four":     {machine: func(m *Machine) { m.CPUs = 4 }, found: "4, for about 264000 deliveries a second", needed: "1.25s of them all to open the connections, 38ms to read"},
		"busiest":  {plan: connections(133_334), level: Warn, needed: "1s to read a broadcast"},
		"too busy": {plan: connections(133_400), level: Warn, needed: "1.001s to read a broadcast", change: "more machines"},
	})
}
