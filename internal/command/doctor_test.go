package command

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/tests"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"

	"github.com/pushgw/xk6-pushgw/internal/doctor"
)

// runDoctor runs the command with these flags, and returns the lines it printed.
func runDoctor(t *testing.T, flags ...string) ([]string, error) {
	t.Helper()
	ts := tests.NewGlobalTestState(t)
	cmd := New(ts.GlobalState)
	cmd.SetArgs(append([]string{"doctor"}, flags...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true // k6 sees to them
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	err := cmd.Execute()
	require.Empty(t, ts.LoggerHook.Drain(), "k6 logs the error")
	return strings.Split(strings.TrimSuffix(ts.Stdout.String(), "\n"), "\n"), err
}

// requireChecks: there is one line for each check.
func requireChecks(t *testing.T, lines []string, checks ...string) {
	t.Helper()
	require.Len(t, lines, len(checks))
	for i, check := range checks {
		require.Regexp(t, `^(ok|warn|fail|\?) +`+check, lines[i])
	}
}

var machineChecks = []string{
	"open files", "system's files", "local ports", "local addresses", "TCP memory", "conntrack", "memory",
	"CPU", "clock", "arrival times",
}

func TestDoctorOfASmallRun(t *testing.T) {
	t.Parallel()
	gateway := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gateway.Close)
	lines, err := runDoctor(t, "--connections", "3", "--per-vu", "1", "--processes", "2", "--url", gateway.URL+"/graphql")
	require.NoError(t, err, lines)
	last := len(lines) - 1
	requireChecks(t, lines[:last], append(machineChecks, "DNS", "TCP")...)
	require.Regexp(t, `^3 connections can work here; warnings: \d$`, lines[last])
}

func TestDoctorOfWhatNoMachineCan(t *testing.T) {
	t.Parallel()
	lines, err := runDoctor(t, "--connections", "900000000", "--tls", "--local-ips", "198.51.100.77,127.0.0.1")
	require.ErrorContains(t, err, "900000000 connections can't work here: ")
	requireChecks(t, lines, machineChecks...)
	require.Contains(t, lines[0], "needed: 900000100")
	require.Contains(t, lines[3], "fail  local addresses  not this machine's: 1 (198.51.100.77); needed: ")
	require.ErrorContains(t, err, "local addresses")
	var code errext.HasExitCode
	require.ErrorAs(t, err, &code)
	require.Equal(t, exitcodes.ExitCode(1), code.ExitCode())
}

func TestDoctorRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for flags, says := range map[string]string{
		"": "--connections is missing",
		"--connections 1 --tls --url ws://a/b?key": "--tls: connections to ws://a/b are plain",
		"--connections -5":                         "--connections: must be from 1 to 1000000000, not -5",
		"--connections 5000000000":                 "--connections: must be from 1 to 1000000000, not 5000000000",
		"--connections many":                       "--connections",
		"--connections 1 --per-vu 0":               "--per-vu: must be from 1 to 1000000000, not 0",
		"--connections 1 --processes 0":            "--processes: must be from 1 to 1000000000, not 0",
		"--connections 1 --local-ips nowhere":      "--local-ips: nowhere is not a valid IP",
		"--connections 1 --url gateway":            `--url: "gateway" names no host`,
		"--connections 1 --url wss://":             `--url: "wss://" names no host`,
		"--connections 1 --url ftp://a/b?key":      `--url: "ftp://a/b" must begin with wss://, ws://, https:// or http://`,
		"--connections 1 --url ws://a:b/?key":      `--url: "ws://a:b/" is not a URL`,
		"--connections 1 and more":                 "unknown command",
		"--connections 1 --url https://x.appsync-realtime-api.eu-west-1.amazonaws.com/graphql": "--url: x.appsync-realtime-api.eu-west-1.amazonaws.com is the real-time host already",
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			_, err := runDoctor(t, strings.Fields(flags)...)
			require.ErrorContains(t, err, says)
			require.NotContains(t, err.Error(), "key")
		})
	}
}

func TestDoctorGoesWhereConnectionsGo(t *testing.T) {
	t.Parallel()
	const api, realtime = "https://abc.appsync-api.eu-west-1.amazonaws.com", "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com"
	for text, urls := range map[string][]string{
		"wss://abc.execute-api.eu-west-1.amazonaws.com/dev": {"wss://abc.execute-api.eu-west-1.amazonaws.com/dev"},
		"ws://127.0.0.1:8090/dev":                           {"ws://127.0.0.1:8090/dev"},
		"http://127.0.0.1:8090/graphql":                     {"ws://127.0.0.1:8090/graphql/realtime"},
		"http://127.0.0.1:8090/event":                       {"ws://127.0.0.1:8090/event/realtime"},
		api + "/graphql":                                    {realtime + "/graphql", api + "/graphql"},
		api + "/event":                                      {realtime + "/event/realtime", api + "/event"},
	} {
		found, err := endpoints(text)
		require.NoError(t, err)
		var went []string
		for _, u := range found {
			went = append(went, u.String())
		}
		require.Equal(t, urls, went)
	}
}

func TestDoctorReadsLocalIPsAsK6Does(t *testing.T) {
	t.Parallel()
	for list, count := range map[string]int{
		"": 0, "127.0.0.2": 1, "127.0.0.2-127.0.0.9": 8, "10.0.0.1,10.0.1.0/29": 7, "10.0.0.0/8": 1024,
	} {
		found, err := localIPs(list)
		require.NoError(t, err)
		require.Len(t, found, count, list)
		for _, a := range found {
			require.True(t, a.Is4())
		}
	}
	found, err := localIPs("192.0.2.7-192.0.2.8")
	require.NoError(t, err)
	require.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")}, found)
}

func TestDoctorHasDefaults(t *testing.T) {
	t.Parallel()
	requireDefaults(t, "doctor", map[string]string{
		"connections": "0", "url": "", "tls": "false", "per-vu": "500", "processes": "1", "local-ips": "",
	})
}

// The plan is completed from what is known: no VU and no process has more than there are,
// and a URL says whether connections are wss.
func TestDoctorCompletesThePlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		given, want doctor.Plan
		url         string
	}{
		{
			doctor.Plan{Connections: 3, PerVU: 500, Processes: 7},
			doctor.Plan{Connections: 3, PerVU: 3, Processes: 3},
			"",
		},
		{
			doctor.Plan{Connections: 1e9, PerVU: 500, Processes: 2, Secure: true},
			doctor.Plan{Connections: 1e9, PerVU: 500, Processes: 2, Secure: true},
			"",
		},
		{
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1},
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1, Secure: true},
			"wss://a/b",
		},
		{
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1},
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1},
			"ws://a/b",
		},
		{
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1, Secure: true},
			doctor.Plan{Connections: 9, PerVU: 2, Processes: 1, Secure: true},
			"https://a/graphql",
		},
	} {
		o := doctorOptions{plan: c.given, url: c.url}
		require.NoError(t, o.check())
		o.plan.Gateway = nil
		require.Equal(t, c.want, o.plan)
	}
}

func TestDoctorReports(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	o := doctorOptions{plan: doctor.Plan{Connections: 5}}
	found := []doctor.Finding{
		{Level: doctor.OK, Check: "one", Found: "a"},
		{Level: doctor.Warn, Check: "two", Found: "b"},
		{Level: doctor.Unknown, Check: "three", Found: "c"},
		{Level: doctor.Warn, Check: "four", Found: "d"},
	}
	require.NoError(t, o.report(&out, found))
	lines := strings.Split(out.String(), "\n")
	require.Equal(t, []string{
		found[0].String(), found[1].String(), found[2].String(), found[3].String(),
		"5 connections can work here; warnings: 2", "",
	}, lines)

	failed := []doctor.Finding{
		{Level: doctor.Fail, Check: "TCP"},
		{Level: doctor.Fail, Check: "TCP"},
		{Level: doctor.OK, Check: "TLS"},
		{Level: doctor.Fail, Check: "ports"},
	}
	out.Reset()
	err := o.report(&out, failed)
	require.EqualError(t, err, "5 connections can't work here: TCP, ports")
	require.NotContains(t, out.String(), "can work here")
	var code errext.HasExitCode
	require.ErrorAs(t, err, &code)
	require.Equal(t, exitcodes.ExitCode(1), code.ExitCode())
}
