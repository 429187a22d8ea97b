package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// TestTheBarrierWaitsForAllProcesses: ready() in one process, or in all, waits for the
// listeners of all.
func TestTheBarrierWaitsForAllProcesses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		adapt func(process, of int) []string
		all   bool // all of them wait, else one does
	}{
		"one waits":           {func(i, _ int) []string { return waitsIf(i == 1) }, false},
		"one is late":         {func(i, n int) []string { return append(waitsIf(i == 1), env("LATE", 3*(i-1)/(n-1))) }, false},
		"all wait":            {func(int, int) []string { return waitsIf(true) }, true},
		"all wait to be sure": {func(int, int) []string { return append(waitsIf(true), "CANARY=yes") }, true},
	} {
		for _, n := range numbersOfProcesses(t) {
			for _, side := range []string{"apigw", "appsync", "events"} {
				t.Run(fmt.Sprintf("%d %s %s", n, side, name), func(t *testing.T) {
					t.Parallel()
					var said []gjson.Result
					for _, o := range rollCall(t, serve(t), side, n, func(i int) []string { return test.adapt(i, n) }) {
						said = append(said, o.objects...)
					}
					waiting := 1
					if test.all {
						waiting = n
					}
					require.Len(t, said, waiting)
					for _, object := range said {
						require.JSONEq(t, fmt.Sprintf(`{"ready":%d,"deaf":0,"failed":0}`, 4*n), object.Get("ready").Raw, object.Raw)
						if name == "one is late" {
							require.GreaterOrEqual(t, object.Get("after").Int(), int64(2000))
						}
					}
				})
			}
		}
	}
}

// TestTheBarrierNamesWhoIsMissing: one process isn't there.
func TestTheBarrierNamesWhoIsMissing(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"apigw", "appsync"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			outcomes := rollCall(t, serve(t), side, 3, func(i int) []string {
				if i == 2 {
					return nil
				}
				return waitsIf(i == 1)
			})
			require.Equal(t, "TimeoutError: ready(): after 12s, 2 of 3 processes answered (missing: 2); 8 of 12 listeners",
				outcomes[0].said(t, 1)[0].Get("error").Str)
		})
	}
}

// TestTheBarrierIsGivenUp: the listeners of one process all fail, which it can tell because
// what it publishes takes another way.
func TestTheBarrierIsGivenUp(t *testing.T) {
	t.Parallel()
	outcomes := rollCall(t, serve(t), "appsync", 3, func(i int) []string {
		if i == 3 {
			return append(waitsIf(false), "FAILING=yes")
		}
		return waitsIf(i == 1)
	})
	said := outcomes[0].said(t, 1)[0]
	require.Equal(t, "ConnectError: ready(): 3 of 3 processes answered; 8 of 12 listeners, and no more can be, 4 failed", said.Get("error").Str)
	require.Less(t, said.Get("after").Int(), int64(12_000), "its timeout")
}

// waitsIf is a process that is there, and perhaps waits.
func waitsIf(it bool) []string {
	if it {
		return []string{"WAITS=yes"}
	}
	return []string{"WAITS=no"}
}

// rollCall runs the processes of a test, four listeners each, and returns what they leave
// behind. Settings returns those of a process, nil for one that isn't there.
func rollCall(t *testing.T, g *server, side string, n int, settings func(process int) []string) (outcomes []*outcome) {
	t.Helper()
	bounds := make([]string, n+1)
	for i := range bounds {
		bounds[i] = fmt.Sprintf("%d/%d", i, n)
	}
	bounds[0], bounds[n] = "0", "1"
	common := g.env("GATEWAY="+side, "API_KEY="+gateway.APIKey, "EVENT_URL="+strings.Replace(g.appsync(), "/graphql", "/event", 1),
		env("LISTENERS", 4*n), env("VUS", 2*n), env("PROCESSES", n), "--execution-segment-sequence="+strings.Join(bounds, ","))
	var running []*process
	for i := 1; i <= n; i++ {
		if own := settings(i); own != nil {
			running = append(running, start(t, "scripts/rollcall.js", append(slices.Concat(common, own), "--execution-segment="+bounds[i-1]+":"+bounds[i])...))
		}
	}
	for _, p := range running {
		o := p.wait(t)
		require.Zero(t, o.exit, o.stderr)
		outcomes = append(outcomes, o)
	}
	return outcomes
}
