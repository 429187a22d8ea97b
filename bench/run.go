package main

import (
	"context"
	"encoding/json"
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
	rate       float64 // broadcasts a second
	serve      []string
}

// measured is what came of it.
type measured struct {
	begin, ready, heard usage // of k6
	delay               trend // as k6 has it, ms
	lag                 trend
	received            int64
	truth               distribution // as the gateway has it, ms
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
	summary := filepath.Join(os.TempDir(), fmt.Sprintf("pushgw-bench-%d.json", os.Getpid()))
	defer func() { _ = os.Remove(summary) }()
	m, err := l.run(ctx, k6, address, summary)
	if err != nil {
		return nil, err
	}
	return m, m.read(summary)
}

// run runs k6 and takes its measure at its marks.
func (l load) run(ctx context.Context, k6, address, summary string) (*measured, error) {
	run, err := start(ctx, l.environment(address), k6, "run", "--quiet", "--no-usage-report", "--log-format", "raw",
		"--summary-export", summary, l.script)
	if err != nil {
		return nil, err
	}
	defer run.stop()
	m := &measured{}
	marks := map[string]*usage{"MARK begin": &m.begin, "MARK ready": &m.ready}
	order := []string{"MARK begin", "MARK ready"}
	if l.broadcasts > 0 {
		marks["MARK heard"] = &m.heard
		order = append(order, "MARK heard")
	}
	for _, mark := range order {
		if _, err := run.line(mark); err != nil {
			return nil, err
		}
		if *marks[mark], err = run.usage(); err != nil {
			return nil, err
		}
	}
	m.truth, err = l.truth(ctx, address)
	return m, err
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
		"RATE=" + strconv.FormatFloat(max(l.rate, 1), 'f', -1, 64),
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

// read takes the metrics from k6's summary.
func (m *measured) read(summary string) error {
	metrics, err := readSummary(summary)
	if err != nil {
		return err
	}
	m.delay = metrics["ws_resp_delay"].trend
	m.lag = metrics["pushgw_read_lag"].trend
	m.received = metrics["msg_received_counter"].Count
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

// perListener is how much more a run with many listeners took up than one with a
// single one, for each of them.
func perListener(many, one *measured, listeners int) float64 {
	return float64(many.ready.resident-one.ready.resident) / float64(listeners-1)
}

// perDelivery is the CPU time of k6 between its marks, for each delivery.
func (m *measured) perDelivery() time.Duration {
	if m.received == 0 {
		return 0
	}
	return (m.heard.cpu - m.ready.cpu) / time.Duration(m.received)
}
