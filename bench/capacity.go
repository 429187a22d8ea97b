package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// holding is the connection test of AWS's published benchmark, divided among processes.
type holding struct {
	k6, gateway          string
	listeners, processes int
	perVU                int
	ramp, hold           time.Duration
}

// hold is the command of that name.
func hold(ctx context.Context, out io.Writer, k6 string, args []string) error {
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
	folder, err := os.MkdirTemp("", "pushgw-hold")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	return h.run(ctx, out, folder)
}

// run starts everything and watches it until the last k6 has ended.
func (h *holding) run(ctx context.Context, out io.Writer, folder string) error {
	var gateways, generators []*process
	defer func() {
		for _, p := range slices.Concat(generators, gateways) { // one that has ended is none the worse for it
			p.stop()
		}
	}()
	began := time.Now()
	for i := range h.processes {
		gateway, address, err := h.serve(ctx)
		if err != nil {
			return err
		}
		gateways = append(gateways, gateway)
		generator, err := h.generate(ctx, i, address, summaryOf(folder, i))
		if err != nil {
			return err
		}
		generators = append(generators, generator)
	}
	memory := watchMemory(ctx, gateways, generators)
	err := waitForAll(generators)
	peak := memory()
	if err != nil {
		return err
	}
	return h.report(out, folder, time.Since(began), peak)
}

// serve starts a gateway and says where it is.
func (h *holding) serve(ctx context.Context) (gateway *process, address string, err error) {
	gateway, err = start(ctx, nil, h.k6, "x", "pushgw", "serve", "--address", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	if address, err = gateway.line("ready on "); err != nil {
		gateway.stop()
	}
	return gateway, address, err
}

// generate starts the k6 that is to fill a gateway: segment i of the test.
func (h *holding) generate(ctx context.Context, i int, address, summary string) (*process, error) {
	l := load{gateway: h.gateway, listeners: h.listeners, perVU: h.perVU}
	env := append(l.environment(address),
		fmt.Sprintf("RAMP=%v", h.ramp.Seconds()), fmt.Sprintf("HOLD=%v", h.hold.Seconds()))
	return start(ctx, env, h.k6, "run", "--quiet", "--no-usage-report",
		"--execution-segment", fmt.Sprintf("%d/%d:%d/%d", i, h.processes, i+1, h.processes),
		"--execution-segment-sequence", sequence(h.processes),
		"--summary-export", summary, "bench/scripts/hold.js")
}

func summaryOf(folder string, i int) string { return filepath.Join(folder, strconv.Itoa(i)) }

// waitForAll reads what each of them prints, at the same time, for none is to wait
// until its turn to be read.
func waitForAll(processes []*process) error {
	errs := make([]error, len(processes))
	var all sync.WaitGroup
	for i, p := range processes {
		all.Go(func() { errs[i] = p.wait() })
	}
	all.Wait()
	return errors.Join(errs...)
}

func sequence(n int) string {
	parts := []string{"0"}
	for i := 1; i < n; i++ {
		parts = append(parts, fmt.Sprintf("%d/%d", i, n))
	}
	return strings.Join(append(parts, "1"), ",")
}

// report adds up what the processes counted, and says if it isn't what it has to be.
func (h *holding) report(out io.Writer, folder string, took time.Duration, peak memory) error {
	total := make(map[string]int64)
	for i := range h.processes {
		metrics, err := readSummary(summaryOf(folder, i))
		if err != nil {
			return err
		}
		for name, metric := range metrics {
			total[name] += metric.Count
		}
	}
	_, _ = fmt.Fprintf(out, "%s: %d connections in %s, held %s; %d k6 processes, %d gateways; %s altogether\n\n| what | count |\n|---|---|\n",
		h.gateway, h.listeners, h.ramp, h.hold, h.processes, h.processes, took.Round(time.Second))
	wrong := ""
	if took < h.ramp+h.hold {
		wrong = fmt.Sprintf(" it took %s, less than to open and hold them;", took)
	}
	for _, row := range h.rows() {
		_, _ = fmt.Fprintf(out, "| `%s` | %d |\n", row.metric, total[row.metric])
		if total[row.metric] != int64(row.count) {
			wrong += fmt.Sprintf(" %s=%d, not %d;", row.metric, total[row.metric], row.count)
		}
	}
	_, _ = fmt.Fprintf(out, "| peak resident, k6 processes, MB | %d |\n| peak resident, gateways, MB | %d |\n\n",
		peak.generators>>20, peak.gateways>>20)
	if wrong != "" {
		return fmt.Errorf("not all went well:%s", wrong)
	}
	return nil
}

// row is a metric and what it has to be.
type row struct {
	metric string
	count  int
}

func (h *holding) rows() []row {
	joined := []row{{"nickname_counter", h.listeners}, {"joined_success_counter", h.listeners}}
	if h.gateway == "appsync" {
		joined = []row{{"subscribed_success_counter", h.listeners}}
	}
	return slices.Concat(
		[]row{{"ws_sessions", h.listeners}}, joined,
		[]row{{"pushgw_connect_failed", 0}, {"pushgw_errors", 0}, {"pushgw_closed", h.listeners}, {"pushgw_closed{by:gateway}", 0}},
	)
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
