package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files are those of a machine that can hold ten thousand connections.
func files() map[string]string {
	return map[string]string{
		"proc/meminfo":                               "MemAvailable:    8000000 kB\n",
		"proc/net/sockstat":                          "TCP: inuse 10 orphan 0 tw 0 alloc 10 mem 100\n",
		"proc/sys/fs/file-nr":                        "2000\t0\t2000000\n",
		"proc/sys/fs/nr_open":                        "1048576\n",
		"proc/sys/net/ipv4/ip_local_port_range":      "32768\t60999\n",
		"proc/sys/net/ipv4/ip_local_reserved_ports":  "\n",
		"proc/sys/net/ipv4/tcp_mem":                  "100000\t200000\t300000\n",
		"proc/sys/net/ipv4/tcp_rmem":                 "4096\t131072\t33554432\n",
		"proc/sys/net/ipv4/tcp_wmem":                 "4096\t16384\t4194304\n",
		"proc/sys/net/netfilter/nf_conntrack_max":    "262144\n",
		"proc/sys/net/netfilter/nf_conntrack_count":  "100\n",
		"proc/sys/net/ipv4/some_other_setting_of_it": "1\n",
	}
}

func addresses(all ...string) []netip.Addr {
	var parsed []netip.Addr
	for _, a := range all {
		parsed = append(parsed, netip.MustParseAddr(a))
	}
	return parsed
}

// machine has these files, and all else that it should have.
func machine(files map[string]string) Machine {
	root := make(fstest.MapFS)
	for path, text := range files {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return Machine{
		System:   limits.System{Root: root, OpenFiles: func() (uint64, error) { return 20_000, nil }},
		CPUs:     2,
		PageSize: 4096,
		Addresses: func() ([]netip.Addr, error) {
			return addresses("127.0.0.1", "192.0.2.10", "169.254.1.1", "::1", "2001:db8::10", "fe80::1"), nil
		},
		Bind:     func(netip.Addr) error { return nil },
		Clock:    func() (Clock, error) { return Clock{true, 12 * time.Millisecond, 150 * time.Microsecond}, nil },
		Arrivals: func(context.Context) error { return nil },
		Resolve:  func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no resolver") },
		Dial:     (&net.Dialer{}).DialContext,
	}
}

// plan is ten thousand connections of one process.
func plan() Plan { return Plan{Connections: 10_000, Processes: 1, PerVU: 500} }

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, f := range Examine(t.Context(), plan(), machine(files())) {
		lines = append(lines, f.String())
	}
	require.Equal(t, []string{
		"ok    open files       20000 for each process (ulimit -n); needed: 10100",
		"ok    system's files   2000000 for all processes (sysctl fs.file-max), 2000 open; needed: 10100",
		"ok    local ports      28232 to one address of the gateway (sysctl net.ipv4.ip_local_port_range is 32768 60999); needed: 10000",
		"ok    local addresses  1 (192.0.2.10); needed: 1",
		"ok    TCP memory       200000 pages before pressure, 300000 at most, 100 in use (sysctl net.ipv4.tcp_mem); " +
			"needed: 10000 pages, when a message waits at each connection",
		"ok    conntrack        100 of at most 262144 (sysctl net.netfilter.nf_conntrack_max); needed: 10000 more",
		"ok    memory           8.2 GB available; needed: 233 MB, 50 MB of it the kernel's, beside k6's Trend values",
		"ok    CPU              2, for about 132000 deliveries a second; " +
			"needed: 2.5s of them all to open the connections, 75ms to read a broadcast to each",
		"ok    clock            synchronised, off by at most 12ms, probably by 150µs; needed: synchronised, if other machines broadcast",
		"ok    arrival times    the kernel's",
	}, lines)
}

// TestASystemThatTellsNothing: where there is nothing to read there is no verdict.
func TestASystemThatTellsNothing(t *testing.T) {
	t.Parallel()
	host := machine(nil)
	host.OpenFiles = func() (uint64, error) { return 0, errors.ErrUnsupported }
	host.Clock = func() (Clock, error) { return Clock{}, errors.ErrUnsupported }
	host.Addresses = func() ([]netip.Addr, error) { return nil, errors.ErrUnsupported }
	for _, f := range Examine(t.Context(), plan(), host) {
		switch f.Check {
		case "CPU", "arrival times":
			require.Equal(t, OK, f.Level, f)
		default:
			require.Equal(t, Unknown, f.Level, f)
			require.True(t, strings.HasPrefix(f.String(), "?     "+f.Check))
			require.True(t, strings.HasSuffix(f.String(), "  can't tell on this system"))
		}
	}
}

// differing is a plan or a machine that differs from the usual, and what is found then.
type differing struct {
	plan   func(*Plan)
	host   func(*Machine)
	files  map[string]string // what they hold instead
	level  Level
	found  string
	needed string
	change string
}

// find examines it and returns the finding of one check.
func (d differing) find(t *testing.T, check string) Finding {
	t.Helper()
	held := files()
	for path, text := range d.files {
		if held[path] = text; text == "" {
			delete(held, path)
		}
	}
	p, h := plan(), machine(held)
	if d.plan != nil {
		d.plan(&p)
	}
	if d.host != nil {
		d.host(&h)
	}
	for _, f := range Examine(t.Context(), p, h) {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("there is no check of %s", check)
	return Finding{}
}

// examine goes through a table of one check.
func examine(t *testing.T, check string, table map[string]differing) {
	t.Helper()
	for name, d := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := d.find(t, check)
			require.Equal(t, d.level, f.Level, f)
			require.Contains(t, f.Found, d.found)
			require.Contains(t, f.Needed, d.needed)
			require.Contains(t, f.Change, d.change)
			line := f.String()
			require.NotContains(t, line, "\n")
			require.Equal(t, f.Level > Unknown, strings.Contains(line, "; to change: "), line)
		})
	}
}

func connections(n int) func(*Plan) { return func(p *Plan) { p.Connections = n } }
