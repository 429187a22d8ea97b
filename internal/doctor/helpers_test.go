package doctor

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files returns those of a machine that can hold ten thousand connections.
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

// machine returns one with these files on which all other checks pass.
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

// plan returns one of ten thousand connections in one process.
func plan() Plan { return Plan{Connections: 10_000, Processes: 1, PerVU: 500} }

// variation is a change to the plan or the machine, and the finding that it must lead to.
type variation struct {
	plan    func(*Plan)
	machine func(*Machine)
	files   map[string]string // new contents; an empty one removes the file
	level   Level
	found   string // parts of the finding's fields
	needed  string
	change  string
	absent  string // what the finding must not contain
}

// find returns the finding of one check.
func (v variation) find(t *testing.T, check string) Finding {
	t.Helper()
	held := files()
	for path, text := range v.files {
		if held[path] = text; text == "" {
			delete(held, path)
		}
	}
	p, m := plan(), machine(held)
	if v.plan != nil {
		v.plan(&p)
	}
	if v.machine != nil {
		v.machine(&m)
	}
	for _, f := range Examine(t.Context(), p, m) {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("no check %q", check)
	return Finding{}
}

// examine tests one check with each variation.
func examine(t *testing.T, check string, table map[string]variation) {
	t.Helper()
	for name, v := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := v.find(t, check)
			require.Equal(t, v.level, f.Level, f)
			requirePart(t, f.Found, v.found)
			requirePart(t, f.Needed, v.needed)
			requirePart(t, f.Change, v.change)
			line := f.String()
			require.NotContains(t, line, "\n")
			if v.absent != "" {
				require.NotContains(t, line, v.absent)
			}
			require.Equal(t, f.Level > Unknown, strings.Contains(line, "; to change: "), line)
		})
	}
}

// requirePart requires that text contains part, and that numbers at part's ends are whole:
// "5s" is no part of "2.5s".
func requirePart(t *testing.T, text, part string) {
	t.Helper()
	if part == "" {
		return
	}
	require.Regexp(t, `(^|[^0-9.])`+regexp.QuoteMeta(part)+`($|[^0-9])`, text)
}

// connections changes the number of connections of a plan.
func connections(n int) func(*Plan) { return func(p *Plan) { p.Connections = n } }
