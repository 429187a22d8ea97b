package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// load is one thing to be measured.
type load struct {
	script     string
	gateway    string // apigw or appsync
	tls        bool
	listeners  int
	perVU      int
	broadcasts int
	rate       float64  // broadcasts a second
	serve      []string // the gateway's flags
	flags      []string // k6's
	// warmUp, where it isn't zero, is how long after the first broadcast memory is
	// looked at besides.
	warmUp time.Duration
}

// deliveries is how many there have to be.
func (l load) deliveries() int64 { return int64(l.listeners) * int64(l.broadcasts) }

// measured is what came of it.
type measured struct {
	begin, ready, warm, heard usage // of k6
	delay                     trend // as k6 has it, ms
	lag                       trend
	received                  int64
	truth                     distribution // as the gateway has it, ms
}

type trend struct {
	Mean float64 `json:"avg"`
	P95  float64 `json:"p(95)"`
	Max  float64 `json:"max"`
}

type distribution struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	P95   float64 `json:"p95"`
	Max   float64 `json:"max"`
}

// measure runs one load against a gateway of its own.
func measure(ctx context.Context, k6 string, l load) (*measured, error) {
	args := []string{"x", "pushgw", "serve", "--address", "127.0.0.1:0"}
	if l.tls {
		args = append(args, "--tls")
	}
	gateway, err := start(ctx, nil, k6, append(args, l.serve...)...)
	if err != nil {
		return nil, err
	}
	defer gateway.stop()
	address, err := gateway.line("ready on ")
	if err != nil {
		return nil, err
	}
	m, err := l.run(ctx, k6, address)
	if err == nil && l.script == native && m.received != l.deliveries() { // a plain script may not keep up
		err = fmt.Errorf("%d deliveries of %d were received", m.received, l.deliveries())
	}
	return m, err
}

// run runs k6 and takes its measure at its marks.
func (l load) run(ctx context.Context, k6, address string) (*measured, error) {
	folder, err := os.MkdirTemp("", "pushgw-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	summary := filepath.Join(folder, "summary.json")
	args := append([]string{"run", "--quiet", "--no-usage-report", "--log-format", "raw", "--summary-export", summary}, l.flags...)
	run, err := start(ctx, l.environment(address), k6, append(args, l.script)...)
	if err != nil {
		return nil, err
	}
	defer run.stop()
	m := &measured{}
	if m.begin, err = run.mark("begin"); err != nil {
		return nil, err
	}
	if m.ready, err = run.mark("ready"); err != nil || l.broadcasts == 0 {
		return m, err
	}
	warm := run.later(l.warmUp)
	if m.heard, err = run.mark("heard"); err != nil {
		return nil, err
	}
	m.warm = <-warm
	if m.truth, err = l.truth(ctx, address); err != nil {
		return nil, err
	}
	if l.script == native {
		if m.received, err = run.count("RECEIVED"); err != nil {
			return nil, err
		}
	}
	run.stop()
	return m, m.read(summary)
}

func (l load) scheme(plain string) string {
	if l.tls {
		return plain + "s"
	}
	return plain
}

func (l load) environment(address string) []string {
	return []string{
		"GATEWAY=" + l.gateway,
		"APIGW_URL=" + l.scheme("ws") + "://" + address + "/dev",
		"APPSYNC_URL=" + l.scheme("http") + "://" + address + "/graphql",
		"HTTP_URL=" + l.scheme("http") + "://" + address,
		"API_KEY=" + gateway.APIKey,
		"LISTENERS=" + strconv.Itoa(l.listeners),
		"PER_VU=" + strconv.Itoa(l.perVU),
		"BROADCASTS=" + strconv.Itoa(l.broadcasts),
		"RATE=" + strconv.FormatFloat(l.rate, 'f', -1, 64),
	}
}

// truth asks the gateway when it wrote what it was to send.
func (l load) truth(ctx context.Context, address string) (distribution, error) {
	if l.tls || l.broadcasts == 0 {
		return distribution{}, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/stats", nil)
	if err != nil {
		return distribution{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return distribution{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var stats map[string]struct{ Delay distribution }
	if err := json.NewDecoder(response.Body).Decode(&stats); err != nil {
		return distribution{}, err
	}
	return stats[strings.ToLower(l.gateway)].Delay, nil
}

// read takes the metrics from k6's summary, if it was to make one.
func (m *measured) read(summary string) error {
	metrics, err := readSummary(summary)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.delay = metrics["ws_resp_delay"].trend
	m.lag = metrics["pushgw_read_lag"].trend
	received := metrics["msg_received_counter"].Count
	if m.received != 0 && m.received != received {
		return fmt.Errorf("the script was told of %d deliveries, k6's metric has %d", m.received, received)
	}
	m.received = received
	return nil
}

// metric is one of k6's, as its summary has it.
type metric struct {
	trend
	Count int64 `json:"count"`
}

func readSummary(file string) (map[string]metric, error) {
	text, err := os.ReadFile(file) //nolint:gosec // our own file
	if err != nil {
		return nil, err
	}
	var exported struct {
		Metrics map[string]metric `json:"metrics"`
	}
	err = json.Unmarshal(text, &exported)
	return exported.Metrics, err
}
