package doctor

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMachineThatCanHoldThePlan(t *testing.T) {
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

// Where nothing can be read, the findings are neither good nor bad.
func TestMachineThatGivesNoValues(t *testing.T) {
	t.Parallel()
	m := machine(nil)
	m.OpenFiles = func() (uint64, error) { return 0, errors.ErrUnsupported }
	m.Clock = func() (Clock, error) { return Clock{}, errors.ErrUnsupported }
	m.Addresses = func() ([]netip.Addr, error) { return nil, errors.ErrUnsupported }
	for _, f := range Examine(t.Context(), plan(), m) {
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

func TestDivideUp(t *testing.T) {
	t.Parallel()
	for want, numbers := range map[int][2]int{0: {0, 7}, 1: {1, 7}, 2: {8, 7}, 3: {21, 7}} {
		require.Equal(t, want, divideUp(numbers[0], numbers[1]))
	}
}
