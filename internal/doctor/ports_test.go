package doctor

import (
	"net/netip"
	"testing"
)

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
	examine(t, "local ports", map[string]variation{
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
			found: "0 to one address", change: "k6's --local-ips with 10000 addresses, and fewer",
		},
		"held by closed connections": {
			files: waiting, level: Warn, change: "wait a minute: 20000 closed connections still have their ports (TIME-WAIT)",
		},
		"enough besides closed connections":       {plan: connections(8_232), files: waiting, needed: "8232"},
		"one too many besides closed connections": {plan: connections(8_233), files: waiting, level: Warn, needed: "8233"},
		"as many as can be":                       {plan: connections(64_512), level: Fail, change: `sysctl -w net.ipv4.ip_local_port_range="1024 65535", or k6's --local-ips with 3`},
		"one more than can be": {
			plan: connections(64_513), level: Fail,
			change: `k6's --local-ips with 3 addresses (2 with sysctl -w net.ipv4.ip_local_port_range="1024 65535")`,
		},
		"several processes": {
			plan: func(p *Plan) {
				local(100_000, 500, 4)(p)
				p.Processes = 3
			},
			needed: "25500", // 33,334 connections or 67 VUs in a process, 17 VUs with the same address
		},
		"local addresses":         {plan: local(100_000, 500, 4), found: "28232 of each of the 4 local addresses", needed: "25000"},
		"too few local addresses": {plan: local(150_000, 500, 4), level: Fail, needed: "37500", change: "--local-ips with 6 addresses"},
		"too few VUs for the local addresses": {
			plan: local(60_000, 30_000, 4), level: Fail, needed: "30000",
			change: "k6's --local-ips with 3 addresses, and fewer connections in a VU, which has one of them",
		},
		"a VU that isn't full":          {plan: local(700, 500, 1), needed: "700"},
		"more local addresses than VUs": {plan: local(1000, 500, 40), needed: "500"},
	})
}
