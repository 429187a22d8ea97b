package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// holding is the blog's connection test, divided among processes.
type holding struct {
	k6, gateway          string
	listeners, processes int
	perVU                int
	ramp, hold           time.Duration
}

// hold is the command of that name.
func hold(ctx context.Context, k6 string, args []string) error {
	h := holding{k6: k6}
	flags := flag.NewFlagSet("hold", flag.ContinueOnError)
	flags.StringVar(&h.gateway, "gateway", "apigw", "apigw or appsync")
	flags.IntVar(&h.listeners, "listeners", 150_000, "connections altogether")
	flags.IntVar(&h.processes, "processes", 8, "k6 processes, each with a gateway of its own")
	flags.IntVar(&h.perVU, "per-vu", 500, "connections of one VU")
	flags.DurationVar(&h.ramp, "ramp", 15*time.Minute, "time to open them all")
	flags.DurationVar(&h.hold, "hold", time.Minute, "time to hold them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return h.run(ctx)
}

// run starts everything and watches it until the last k6 has ended.
func (h *holding) run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "pushgw-hold")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var gateways, generators []*process
	defer func() {
		for _, p := range gateways {
			p.stop()
		}
	}()
	began := time.Now()
	for i := range h.processes {
		gateway, generator, err := h.start(ctx, i, filepath.Join(folder, strconv.Itoa(i)))
		if gateway != nil {
			gateways = append(gateways, gateway)
		}
		if err != nil {
			return err
		}
		generators = append(generators, generator)
	}
	memory := watchMemory(ctx, gateways, generators)
	var failed error
	for _, p := range generators {
		failed = errors.Join(failed, p.wait())
	}
	peak := memory()
	if failed != nil {
		return failed
	}
	return h.report(folder, time.Since(began), peak)
}

// start starts one gateway and the k6 that is to fill it.
func (h *holding) start(ctx context.Context, i int, summary string) (gateway, generator *process, err error) {
	gateway, err = start(ctx, nil, h.k6, "x", "pushgw", "serve", "--address", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address, err := gateway.line("ready on ")
	if err != nil {
		return gateway, nil, err
	}
	l := load{gateway: h.gateway, listeners: h.listeners, perVU: h.perVU}
	env := append(l.environment(address),
		fmt.Sprintf("RAMP=%v", h.ramp.Seconds()), fmt.Sprintf("HOLD=%v", h.hold.Seconds()))
	generator, err = start(ctx, env, h.k6, "run", "--quiet", "--no-usage-report",
		"--execution-segment", fmt.Sprintf("%d/%d:%d/%d", i, h.processes, i+1, h.processes),
		"--execution-segment-sequence", sequence(h.processes),
		"--summary-export", summary, "bench/scripts/hold.js")
	return gateway, generator, err
}

func sequence(n int) string {
	parts := []string{"0"}
	for i := 1; i < n; i++ {
		parts = append(parts, fmt.Sprintf("%d/%d", i, n))
	}
	return strings.Join(append(parts, "1"), ",")
}

// report adds up what the processes counted.
func (h *holding) report(folder string, took time.Duration, peak memory) error {
	total := make(map[string]int64)
	for i := range h.processes {
		metrics, err := readSummary(filepath.Join(folder, strconv.Itoa(i)))
		if err != nil {
			return err
		}
		for name, metric := range metrics {
			total[name] += metric.Count
		}
	}
	fmt.Printf("%s: %d connections in %s, held %s; %d k6 processes, %d gateways; %s altogether\n\n",
		h.gateway, h.listeners, h.ramp, h.hold, h.processes, h.processes, took.Round(time.Second))
	fmt.Println("| what | count |")
	fmt.Println("|---|---|")
	for _, name := range []string{
		"ws_sessions", "nickname_counter", "joined_success_counter", "subscribed_success_counter",
		"pushgw_connect_failed", "pushgw_errors", "pushgw_closed",
	} {
		fmt.Printf("| `%s` | %d |\n", name, total[name])
	}
	fmt.Printf("| peak resident, k6 processes, MB | %d |\n", peak.generators>>20)
	fmt.Printf("| peak resident, gateways, MB | %d |\n\n", peak.gateways>>20)
	return nil
}

// memory is what processes hold at most, added up.
type memory struct{ gateways, generators int64 }

// watchMemory looks every second until the returned function is called, which
// says the most that it saw.
func watchMemory(ctx context.Context, gateways, generators []*process) func() memory {
	ctx, cancel := context.WithCancel(ctx)
	peak := make(chan memory, 1)
	go func() {
		var most memory
		for ctx.Err() == nil {
			now := memory{resident(gateways), resident(generators)}
			if now.gateways+now.generators > most.gateways+most.generators {
				most = now
			}
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
		peak <- most
	}()
	return func() memory {
		cancel()
		return <-peak
	}
}

func resident(processes []*process) (sum int64) {
	for _, p := range processes {
		if u, err := p.usage(); err == nil { // one that has ended holds nothing
			sum += u.resident
		}
	}
	return sum
}
