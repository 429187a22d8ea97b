package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/pushgw/xk6-pushgw/gateway"
)

func TestExampleConnections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		counts map[string]int
	}{
		{"apigw", map[string]int{"nickname_counter": 20, "joined_success_counter": 20}},
		{"appsync", map[string]int{"subscribed_success_counter": 20}},
	}
	for _, test := range tests {
		t.Run(test.script, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			o := k6(t, "../examples/"+test.script+"-connections.js", g.env("TARGET=20", "RAMP=1s", "HOLD=4s")...)
			o.requireClean(t)
			o.requireCounts(t, test.counts)
			o.requireCounts(t, map[string]int{"ws_sessions": 20, "pushgw_closed code=1000 by=client": 20})
			connecting := o.requireTimes(t, 20, 0, "ws_connecting")
			require.Less(t, sum(connecting), sum(o.requireTimes(t, 20, 0, "pushgw_ready_time")), "which includes connecting")
			o.requireTimes(t, 20, time.Second, "ws_session_duration") // of VUs that are stopped too
			require.LessOrEqual(t, slices.Max(o.values("pushgw_connections")), 20.0)
			require.Zero(t, o.latest(t, "pushgw_connections"))
			require.NotZero(t, o.count("data_sent"))
			require.NotZero(t, o.count("data_received"))
		})
	}
}

func TestExampleBroadcasts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		env          []string
		listeners    int
		broadcasts   int
	}{
		{"one to one", "apigw", nil, 1, 1},
		{"many to many", "apigw", nil, 50, 20},
		{"many VUs", "apigw", []string{"VUS=25"}, 50, 4},
		{"one to one", "appsync", []string{"CANARY=no"}, 1, 1},
		{"many to many", "appsync", []string{"CANARY=no"}, 50, 20},
		{"many VUs", "appsync", []string{"CANARY=no", "VUS=25"}, 50, 4},
		{"many to many", "events", []string{"CANARY=no"}, 50, 20},
		{"in batches", "events", []string{"CANARY=no", "BATCH=5", "VUS=25"}, 50, 20},
		{"over a connection", "events", []string{"CANARY=no", "BATCH=4", "PUBLISH=socket"}, 50, 20},
	}
	for _, test := range tests {
		t.Run(test.script+" "+test.name, func(t *testing.T) {
			t.Parallel()
			g := serve(t)
			o := k6(t, "../examples/"+test.script+"-broadcast.js", append(g.env(test.env...), "RATE=20",
				env("LISTENERS", test.listeners), env("BROADCASTS", test.broadcasts))...)
			o.requireClean(t)
			requireDelivered(t, o, test.listeners, test.broadcasts)
			require.Equal(t, test.listeners, o.count("ws_sessions", "role=listener"))
			account := o.said(t, 1)[0]
			requireAccount(t, account, test.listeners, test.broadcasts)
			requireAccountOfTimes(t, account, o)
			if test.script == "apigw" { // the host shakes hands too
				o.requireCounts(t, map[string]int{
					"nickname_counter": test.listeners + 1, "joined_success_counter": test.listeners + 1,
					"ws_sessions": test.listeners + 1, "joined_success_counter role=listener": test.listeners,
					"http_reqs": 0,
				})
				return
			}
			requests := map[string]int{"in batches": test.broadcasts / 5, "over a connection": 0}
			if _, known := requests[test.name]; !known {
				requests[test.name] = test.broadcasts
			}
			o.requireCounts(t, map[string]int{
				"subscribed_success_counter": test.listeners, "http_reqs status=200": requests[test.name],
			})
		})
	}
}

// TestExampleOfCanaries: what proves that everybody hears is at least one more request,
// and counts for nothing.
func TestExampleOfCanaries(t *testing.T) {
	t.Parallel()
	o := k6(t, "../examples/appsync-broadcast.js", serve(t).env("LISTENERS=20", "BROADCASTS=5", "RATE=20")...)
	o.requireClean(t)
	requireDelivered(t, o, 20, 5)
	requireAccount(t, o.said(t, 1)[0], 20, 5)
	require.Greater(t, o.count("http_reqs", "status=200"), 5)
}

// TestExamplesOpenAtAPace: the variable is the clients' option, which can't be negative.
func TestExamplesOpenAtAPace(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"apigw", "appsync"} {
		inspect := exec.CommandContext(t.Context(), binary(t), "inspect", "-e", "CONNECT_RATE=-1", "../examples/"+script+"-broadcast.js")
		inspect.Env = append(inspect.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false")
		output, err := inspect.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(output), "connectRate")
	}
}

// Every order is for the customer that the subscriptions are filtered by.
func TestExampleOfASchema(t *testing.T) {
	t.Parallel()
	g := serve(t, "--schema", "../examples/orders.graphql", "--issuer")
	o := k6(t, "../examples/appsync-orders.js", g.env("LISTENERS=20", "BROADCASTS=5")...)
	o.requireClean(t)
	requireAccount(t, o.said(t, 1)[0], 20, 5)
	o.requireCounts(t, map[string]int{"subscribed_success_counter": 20, "msg_received_counter": 100})
}

func TestExampleOfAConnection(t *testing.T) {
	t.Parallel()
	o := k6(t, "../examples/apigw-connection.js", serve(t).env()...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"checks": 2, "ws_sessions": 2, "nickname_counter": 2, "joined_success_counter": 2, "pushgw_closed code=1000 by=client": 2,
	})
}

// TestExampleOfNotifications: each message is posted once, to one listener, with a signature
// where the gateway wants one.
func TestExampleOfNotifications(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ flags, env []string }{
		"unsigned": {},
		"signed": {
			[]string{"--access-key-id", "AKID", "--secret-access-key", "secret", "--region", "eu-west-1"},
			[]string{"REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const listeners, messages = 20, 110 // some get one more
			g := serve(t, test.flags...)
			o := k6(t, "../examples/apigw-notify.js", g.env(append(test.env, env("LISTENERS", listeners), env("MESSAGES", messages),
				"RATE=200")...)...)
			o.requireClean(t)
			requireDelivered(t, o, 1, messages)
			account := o.said(t, 1)[0]
			requireAccount(t, account, 1, messages)
			requireAccountOfTimes(t, account, o)
			o.requireCounts(t, map[string]int{
				"ws_sessions": listeners, "identified": listeners, "joined_success_counter": 0,
				"http_reqs": messages, "http_reqs status=200": messages,
			})
			stats := g.stats(t).APIGateway
			require.EqualValues(t, messages, stats.Totals.Broadcasts)
			require.EqualValues(t, messages, stats.Totals.Audience)
			require.EqualValues(t, messages, stats.Totals.Delivered)
			require.EqualValues(t, 2*listeners+messages, stats.FramesOut, "a reply to each step, and the messages")
			for _, broadcast := range stats.Broadcasts {
				require.EqualValues(t, 1, broadcast.Audience)
			}
		})
	}
}

// TestExampleOfTokens: each listener logs in as a user of its own, and the publisher once.
func TestExampleOfTokens(t *testing.T) {
	t.Parallel()
	o := k6(t, "../examples/appsync-token.js", serve(t, "--issuer").env("LISTENERS=20", "BROADCASTS=5", "RATE=20",
		"CONNECT_RATE=50")...)
	o.requireClean(t)
	requireDelivered(t, o, 20, 5)
	requireAccount(t, o.said(t, 1)[0], 20, 5)
	o.requireCounts(t, map[string]int{"subscribed_success_counter": 20, "http_reqs name=token": 21})
}

// TestExampleOfLogins: a stand-in of Cognito's gives a token, refuses the password or asks for
// more. The log says which, and never has the password.
func TestExampleOfLogins(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status       int
		answer, says string
	}{
		"let in":    {http.StatusOK, `{"AuthenticationResult":{"IdToken":"jwt"}}`, ""},
		"refused":   {http.StatusBadRequest, `{"message":"Wrong: topsecret"}`, `can't log in: status 400, {"message":"Wrong: …"}`},
		"challenge": {http.StatusOK, `{"ChallengeName":"NEW_PASSWORD_REQUIRED"}`, "Cognito asks for more than the password (NEW_PASSWORD_REQUIRED)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cognito := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			}))
			t.Cleanup(cognito.Close)
			o := k6(t, "../examples/appsync-token.js", serve(t, "--token", "jwt").env("LISTENERS=2", "BROADCASTS=2", "RATE=20",
				"CLIENT_ID=app", "COGNITO_URL="+cognito.URL, "PASSWORD=topsecret")...)
			require.NotContains(t, o.stderr, "topsecret")
			if test.says == "" {
				o.requireClean(t)
				requireDelivered(t, o, 2, 2)
				return
			}
			require.Equal(t, 99, o.exit)
			require.Contains(t, strings.Join(o.log, "\n"), test.says)
			o.requireCounts(t, map[string]int{"pushgw_connect_failed phase=credentials": 2, "msg_received_counter": 0})
		})
	}
}

func TestExampleOfSignatures(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"headers", "query"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "--access-key-id", "AKID", "--secret-access-key", "secret")
			o := k6(t, "../examples/apigw-iam.js", g.env("AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=secret",
				"LISTENERS=20", "BROADCASTS=5", "RATE=20", map[string]string{"query": "PRESIGNED=true"}[form])...)
			o.requireClean(t)
			requireDelivered(t, o, 20, 5)
			requireAccount(t, o.said(t, 1)[0], 20, 5)
		})
	}
}

// TestExampleOfRoutes: an application that a file describes is measured like the chat.
func TestExampleOfRoutes(t *testing.T) {
	t.Parallel()
	g := serve(t, "--routes", "../examples/routes.json", "--stage", "dev")
	o := k6(t, "../examples/apigw-routes.js", g.env("LISTENERS=20", "BROADCASTS=5")...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{"joined": 21, "ws_sessions": 21, "msg_received_counter": 100})
	requireAccount(t, o.said(t, 1)[0], 20, 5)
	totals := g.stats(t).APIGateway
	require.EqualValues(t, 100, totals.Totals.Delivered-totals.Echoes.Delivered)
}

func TestExampleOfBothGateways(t *testing.T) {
	t.Parallel()
	g := serve(t)
	o := k6(t, "../examples/both.js", g.env("LISTENERS=20", "BROADCASTS=5", "RATE=10", "CANARY=no")...)
	o.requireClean(t)
	o.requireCounts(t, map[string]int{
		"nickname_counter": 21, "joined_success_counter": 21, "subscribed_success_counter": 20, "ws_sessions": 41,
		"msg_received_counter gateway=apigw": 100, "msg_received_counter gateway=appsync": 100,
	})
	stats := g.stats(t)
	require.EqualValues(t, 105, stats.APIGateway.Totals.Delivered, "the host is in the room too")
	require.EqualValues(t, 100, stats.AppSync.Totals.Delivered)
}

// TestExampleOfSegments: the shares of three processes make the whole.
func TestExampleOfSegments(t *testing.T) {
	t.Parallel()
	g := serve(t)
	segments, all := runSegments(t, "../examples/apigw-connections.js", g.env("TARGET=30", "RAMP=1s", "HOLD=4s")...)
	for _, counts := range segments {
		require.Equal(t, map[string]int{"nickname_counter": 10, "joined_success_counter": 10, "ws_sessions": 10, "pushgw_connect_failed": 0}, counts)
	}
	require.EqualValues(t, 30, all.Get("opened").Int())
	require.EqualValues(t, 30, all.Get("ready").Int())
	require.Zero(t, all.Get("connectFailed").Int())
	require.EqualValues(t, 30, g.stats(t).APIGateway.Accepted)
}

// TestExampleOfSegmentedBroadcasts: each process has its listeners' share of the
// deliveries; one of them has API Gateway's host, too.
func TestExampleOfSegmentedBroadcasts(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"apigw", "appsync", "events"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			segments, all := runSegments(t, "../examples/"+script+"-broadcast.js", serve(t).env("LISTENERS=30", "VUS=6",
				"BROADCASTS=3", "CANARY=no")...)
			for _, counts := range segments {
				require.Equal(t, 30, counts["msg_received_counter"])
			}
			require.EqualValues(t, 30, all.Get("gateways.0.listeners").Int())
			require.EqualValues(t, 3, all.Get("gateways.0.sent").Int())
			require.EqualValues(t, 90, all.Get("gateways.0.expected").Int())
			require.EqualValues(t, 90, all.Get("gateways.0.received").Int())
			require.Zero(t, all.Get("gateways.0.lost").Int())
			require.Empty(t, all.Get("unknown").Array())
		})
	}
}

// TestSegmentsOfUnequalShares: what can't be shared out is refused before anything runs.
func TestSegmentsOfUnequalShares(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "../examples/distributed/segments.sh", "../examples/apigw-broadcast.js")
	cmd.Env = append(cmd.Environ(), "K6=/bin/false", "VUS=10", "SEGMENTS=4")
	output, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 2, cmd.ProcessState.ExitCode())
	require.Contains(t, string(output), "VUS=10 isn't a multiple of SEGMENTS=4")
}

// TestAKilledSegmentIsNamed: by its number, as soon as it is waited for, and without bash's own words.
func TestAKilledSegmentIsNamed(t *testing.T) {
	t.Parallel()
	standIn := filepath.Join(t.TempDir(), "k6")
	require.NoError(t, os.WriteFile(standIn, []byte(`#!/bin/sh
case "$*" in
*"--execution-segment 2/3:3/3"*) kill -9 $$ ;;
*"--execution-segment 1/3:2/3"*) exit 255 ;;
esac
`), 0o700)) //nolint:gosec // it is to be run
	cmd := exec.CommandContext(t.Context(), "../examples/distributed/segments.sh", "../examples/apigw-broadcast.js")
	cmd.Env = append(cmd.Environ(), "K6="+standIn, "PUSHGW_RESULT="+t.TempDir())
	var output, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &errors
	require.Error(t, cmd.Run())
	require.Equal(t, "process 3 was killed by SIGKILL\n", errors.String())
	require.Equal(t, 137, cmd.ProcessState.ExitCode(), "the last that failed: %s", output.String())
}

// TestInterruptedSegments: an interruption ends all processes in order, and they are reported.
func TestInterruptedSegments(t *testing.T) {
	t.Parallel()
	g := serve(t)
	directory := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../examples/distributed/segments.sh", "../examples/apigw-connections.js")
	cmd.Env = append(append(cmd.Environ(), "K6="+binary(t), "PUSHGW_RESULT="+directory, "PUSHGW_RUN=interrupted"),
		g.env("TARGET=3", "RAMP=1s", "HOLD=10m")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	g.statsWhen(t, func(stats *gateway.Stats) bool { return stats.APIGateway.Accepted == 3 })
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)) // as a terminal does
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), "the report's, of a test that has not come to its end: %s", output.String())
	require.Contains(t, output.String(), "run interrupted: 3 of 3 processes")
	require.NotContains(t, output.String(), "was killed")
	require.FileExists(t, filepath.Join(directory, "report.html"))
}

// runSegments runs examples/distributed/segments.sh to its end. It returns the Counters
// that each of the three processes prints, and the report of them all.
func runSegments(t *testing.T, script string, env ...string) (segments []map[string]int, all gjson.Result) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	directory := t.TempDir()
	cmd := exec.CommandContext(ctx, "../examples/distributed/segments.sh", script, "--json")
	cmd.Env = append(append(cmd.Environ(), "K6="+binary(t), "PUSHGW_RESULT="+directory, "PUSHGW_RUN=segments"), env...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	live, together, found := strings.Cut(string(output), "\nReport on all processes: "+directory+"/report.html\n")
	require.True(t, found, "%s", output)
	for i := 1; i <= 3; i++ {
		text, err := os.ReadFile(filepath.Join(directory, fmt.Sprintf("process-%d.log", i)))
		require.NoError(t, err)
		printed := &outcome{objects: printedObjects(t, string(text))}
		printed.requireIdentities(t)
		segments = append(segments, printedCounts(t, string(text)))
		for line := range strings.Lines(string(text)) {
			require.Contains(t, live+"\n", fmt.Sprintf("[%d] %s", i, line))
		}
	}
	all = gjson.Get(together, "runs.0")
	require.Equal(t, "segments", all.Get("run").String())
	require.EqualValues(t, 3, all.Get("processes").Int())
	require.False(t, all.Get("incomplete").Bool())
	require.FileExists(t, filepath.Join(directory, "report.html"))
	return segments, all
}

var printedMessage = regexp.MustCompile(`level=info msg=("(?:[^"\\]|\\.)*") source=console`)

// printedObjects returns what scripts logged as JSON, from k6's log as text.
func printedObjects(t *testing.T, log string) (objects []gjson.Result) {
	t.Helper()
	for _, match := range printedMessage.FindAllStringSubmatch(log, -1) {
		message, err := strconv.Unquote(match[1])
		require.NoError(t, err)
		objects = append(objects, gjson.Parse(message[max(0, strings.IndexByte(message, '{')):]))
	}
	return objects
}

var printedCount = regexp.MustCompile(`(?m)^ +(ws_sessions|[a-z_]+_counter|pushgw_connect_failed)[.:]* +(\d+)`)

func printedCounts(t *testing.T, text string) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	for _, match := range printedCount.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(match[2])
		require.NoError(t, err)
		counts[match[1]] = n
	}
	return counts
}

// requireDelivered: every listener received every broadcast, and the metrics that
// each delivery leaves agree.
func requireDelivered(t *testing.T, o *outcome, listeners, broadcasts int) {
	t.Helper()
	deliveries := listeners * broadcasts
	require.Equal(t, deliveries, o.count("msg_received_counter", "origin=local"))
	require.Equal(t, deliveries, o.count("pushgw_reach"))
	require.Equal(t, deliveries, o.observed("pushgw_reach"))

	delays := o.requireTimes(t, deliveries, 0, "ws_resp_delay", "origin=local")
	first := o.requireTimes(t, broadcasts, 0, "pushgw_fanout_first")
	last := o.requireTimes(t, broadcasts, 0, "pushgw_fanout_last")
	require.Equal(t, delays[0], first[0], "the fastest delivery is the first of its broadcast")
	require.Equal(t, delays[deliveries-1], last[broadcasts-1], "the slowest is the last of its broadcast")
	if listeners == 1 {
		require.Equal(t, first, last)
	} else {
		require.Less(t, sum(first), sum(last))
	}
	lag := o.values("pushgw_read_lag")
	require.Len(t, lag, deliveries)
	require.GreaterOrEqual(t, slices.Min(lag), 0.0)
	if runtime.GOOS == "linux" { // where the kernel says when each arrived
		require.Positive(t, slices.Max(lag))
		require.Less(t, slices.Max(lag), milliseconds(longest))
	}
}

// requireAccount looks at the counts that broadcast() resolved with.
func requireAccount(t *testing.T, result gjson.Result, listeners, broadcasts int) {
	t.Helper()
	for field, want := range map[string]int{
		"planned": broadcasts, "sent": broadcasts, "unsent": 0,
		"expected": listeners * broadcasts, "received": listeners * broadcasts,
		"lost": 0, "missed": 0, "late": 0, "duplicated": 0, "reordered": 0, "indeterminate": 0,
	} {
		require.True(t, result.Get(field).Exists(), field)
		require.EqualValues(t, want, result.Get(field).Int(), field)
	}
	require.Positive(t, result.Get("first").Num)
	require.LessOrEqual(t, result.Get("first").Num, result.Get("last").Num)
	require.LessOrEqual(t, result.Get("p50").Num, result.Get("p99").Num)
}

// requireAccountOfTimes compares the times that the only broadcast() of a run resolved
// with and those in the metrics.
func requireAccountOfTimes(t *testing.T, result gjson.Result, o *outcome) {
	t.Helper()
	require.Equal(t, slices.Max(o.values("pushgw_fanout_first")), result.Get("first").Num)
	require.Equal(t, slices.Max(o.values("pushgw_fanout_last")), result.Get("last").Num)
	delays := slices.Sorted(slices.Values(o.values("ws_resp_delay")))
	for field, share := range map[string]float64{"p50": 0.5, "p99": 0.99} {
		want := delays[int(math.Ceil(share*float64(len(delays))))-1]
		require.InDelta(t, want, result.Get(field).Num, max(want/100, 0.001), field) // a microsecond, or one per cent
	}
}
