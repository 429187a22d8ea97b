package doctor

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"
)

func TestOpenFiles(t *testing.T) {
	t.Parallel()
	examine(t, "open files", map[string]differing{
		"just enough":   {plan: connections(19_900), found: "20000 for each process", needed: "20000"},
		"one too many":  {plan: connections(19_901), level: Fail, needed: "20001", change: "ulimit -n 20001 in k6's shell, as root"},
		"two processes": {plan: func(p *Plan) { p.Connections, p.Processes = 39_800, 2 }, needed: "20000"},
		"more processes": {
			plan: func(p *Plan) { p.Connections, p.Processes = 150_000, 7 }, level: Fail,
			needed: "21529", change: ", or --processes 8 (k6's --execution-segment)",
		},
		"more than anybody may": {
			plan: connections(2_000_000), level: Fail,
			change: "sysctl -w fs.nr_open=2000100, then ulimit -n 2000100",
		},
		"not even the reserve": {
			host:  func(h *Machine) { h.OpenFiles = func() (uint64, error) { return 64, nil } },
			level: Fail, change: "(limits.conf(5); LimitNOFILE in systemd.exec(5))",
		},
	})
}

func TestSystemFiles(t *testing.T) {
	t.Parallel()
	examine(t, "system's files", map[string]differing{
		"enough": {files: map[string]string{"proc/sys/fs/file-nr": "1000 0 11100"}, found: "11100 for all processes (sysctl fs.file-max), 1000 open"},
		"not enough": {
			files: map[string]string{"proc/sys/fs/file-nr": "1000 0 11099"}, level: Fail,
			needed: "10100", change: "sysctl -w fs.file-max=11100",
		},
		"for all processes": {
			plan:  func(p *Plan) { p.Processes = 5 },
			files: map[string]string{"proc/sys/fs/file-nr": "1000 0 11100"}, level: Fail, needed: "10500",
		},
	})
}

func TestPorts(t *testing.T) {
	t.Parallel()
	waiting := map[string]string{"proc/net/sockstat": "TCP: inuse 10 orphan 0 tw 20000 alloc 10 mem 100"}
	widened := map[string]string{"proc/sys/net/ipv4/ip_local_port_range": "1024 65535"}
	local := func(n, perVU, addresses int) func(*Plan) {
		return func(p *Plan) {
			p.Connections, p.PerVU = n, perVU
			for i := range addresses {
				p.LocalIPs = append(p.LocalIPs, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
			}
		}
	}
	examine(t, "local ports", map[string]differing{
		"just enough": {plan: connections(28_232), found: "28232 to one address", needed: "28232"},
		"one too many": {
			plan: connections(28_233), level: Fail, needed: "28233",
			change: `sysctl -w net.ipv4.ip_local_port_range="1024 65535", or k6's --local-ips with 2 addresses`,
		},
		"some are reserved": {
			plan: connections(28_232), level: Fail, found: "28231 to one address",
			files: map[string]string{"proc/sys/net/ipv4/ip_local_reserved_ports": "8080,40000\n"},
		},
		"far too many": {
			plan: connections(150_000), level: Fail,
			change: `k6's --local-ips with 6 addresses (3 with sysctl -w net.ipv4.ip_local_port_range="1024 65535")`,
		},
		"widened, and still too many": {
			plan: connections(150_000), files: widened, level: Fail,
			found: "64512 to one address", change: "k6's --local-ips with 3 addresses",
		},
		"none at all": {
			files: map[string]string{"proc/sys/net/ipv4/ip_local_reserved_ports": "1-65535"}, level: Fail,
			found: "0 to one address", change: "k6's --local-ips",
		},
		"held by closed connections": {files: waiting, level: Warn, change: "wait a minute: 20000 closed connections"},
		"local addresses":            {plan: local(100_000, 500, 4), found: "28232 of each of the 4 local addresses", needed: "25000"},
		"too few local addresses":    {plan: local(150_000, 500, 4), level: Fail, needed: "37500", change: "--local-ips with 6 addresses"},
		"too few VUs for the local addresses": {
			plan: local(60_000, 30_000, 4), level: Fail, needed: "30000",
			change: "k6's --local-ips with 3 addresses, and fewer connections in a VU, which has one of them",
		},
		"more local addresses than VUs": {plan: local(1000, 500, 40), needed: "500"},
	})
}

func TestLocalAddresses(t *testing.T) {
	t.Parallel()
	given := func(p *Plan) { p.LocalIPs = addresses("192.0.2.1", "192.0.2.2", "192.0.2.3") }
	examine(t, "local addresses", map[string]differing{
		"none": {
			host:  func(h *Machine) { h.Addresses = func() ([]netip.Addr, error) { return nil, nil } },
			level: Warn, found: "0", needed: "1", change: "ip address add ADDRESS dev DEVICE",
		},
		"too few": {plan: connections(60_000), level: Warn, found: "1 (192.0.2.10)", needed: "3", change: "ip address add"},
		"many": {
			host: func(h *Machine) {
				h.Addresses = func() ([]netip.Addr, error) {
					return addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"), nil
				}
			},
			found: "5 (10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, …)",
		},
		"given": {plan: given, found: "all 3 of --local-ips"},
		"given, but somebody else's": {
			plan: given,
			host: func(h *Machine) {
				h.Bind = func(a netip.Addr) error {
					if a == netip.MustParseAddr("192.0.2.2") {
						return errors.New("cannot assign requested address")
					}
					return nil
				}
			},
			level: Fail, found: "not this machine's: 1 (192.0.2.2)", needed: "every address of --local-ips",
			change: "ip address add 192.0.2.2 dev DEVICE",
		},
	})
}

func TestTCPMemory(t *testing.T) {
	t.Parallel()
	memory := func(text string) map[string]string { return map[string]string{"proc/sys/net/ipv4/tcp_mem": text} }
	examine(t, "TCP memory", map[string]differing{
		"just enough": {files: memory("5000 10100 15000"), needed: "10000 pages, when a message waits at each connection"},
		"pressure": {
			files: memory("5000 10099 15000"), level: Warn, found: "10099 pages before pressure, 15000 at most, 100 in use",
			change: `sysctl -w net.ipv4.tcp_mem="10100 12625 15150"; above the last, what comes in is dropped and sent again`,
		},
		"less than a page each to receive": {
			files: map[string]string{"proc/sys/net/ipv4/tcp_rmem": "2048 131072 33554432"}, level: Warn,
			found: "2048 bytes received and 4096 sent", needed: "a page of 4096", change: "net.ipv4.tcp_rmem and tcp_wmem to 4096",
		},
		"less than a page each to send": {
			files: map[string]string{"proc/sys/net/ipv4/tcp_wmem": "1024 16384 4194304"}, level: Warn, found: "1024 sent",
		},
	})
}

func TestConntrack(t *testing.T) {
	t.Parallel()
	table := func(most, count string) map[string]string {
		return map[string]string{
			"proc/sys/net/netfilter/nf_conntrack_max": most, "proc/sys/net/netfilter/nf_conntrack_count": count,
		}
	}
	examine(t, "conntrack", map[string]differing{
		"not there":    {files: table("", ""), found: "not loaded"},
		"just enough":  {files: table("10100", "100"), found: "100 of at most 10100", needed: "10000 more"},
		"not enough":   {files: table("10099", "100"), level: Fail, change: "sysctl -w net.netfilter.nf_conntrack_max=12600"},
		"perhaps idle": {files: table("5000", "0"), level: Warn, change: "sysctl -w net.netfilter.nf_conntrack_max=12500"},
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	available := func(kilobytes string) map[string]string {
		return map[string]string{"proc/meminfo": "MemAvailable: " + kilobytes + " kB\n"}
	}
	examine(t, "memory", map[string]differing{
		"wss":           {plan: func(p *Plan) { p.Secure = true }, needed: "433 MB, 50 MB of it the kernel's"},
		"many VUs":      {plan: func(p *Plan) { p.PerVU = 1 }, needed: "1.4 GB, 50 MB of it the kernel's"},
		"processes":     {plan: func(p *Plan) { p.Processes = 4 }, needed: "413 MB"},
		"hardly enough": {files: available("280000"), level: Warn, found: "287 MB available"},
		"not enough":    {files: available("220000"), level: Fail, change: "more machines (k6's --execution-segment)"},
		"too many VUs": {
			plan: func(p *Plan) { p.PerVU = 1 }, files: available("1000000"),
			level: Fail, change: "500 connections in a VU take 233 MB",
		},
	})
}

func TestProcessors(t *testing.T) {
	t.Parallel()
	examine(t, "CPU", map[string]differing{
		"wss":      {plan: func(p *Plan) { p.Secure = true }, needed: "5s of them all to open the connections"},
		"one":      {host: func(h *Machine) { h.CPUs = 1 }, found: "1, for about 66000 deliveries a second", needed: "5s of them all"},
		"busy":     {plan: connections(133_333), needed: "1s to read a broadcast"},
		"too busy": {plan: connections(133_400), level: Warn, needed: "1.001s to read a broadcast", change: "more machines"},
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	examine(t, "clock", map[string]differing{
		"alone": {
			host: func(h *Machine) {
				h.Clock = func() (Clock, error) { return Clock{false, time.Second, time.Second}, nil }
			},
			level: Warn, found: "nothing synchronises it", needed: "synchronised, if other machines broadcast", change: "chrony",
		},
	})
}

func TestArrivalTimes(t *testing.T) {
	t.Parallel()
	examine(t, "arrival times", map[string]differing{
		"of reading": {
			host:  func(h *Machine) { h.Arrivals = func(context.Context) error { return errNoTimes } },
			level: Warn, found: "those of reading", needed: "the kernel's", change: "watch pushgw_read_lag",
		},
	})
}
