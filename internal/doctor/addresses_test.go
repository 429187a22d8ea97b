package doctor

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocalAddresses(t *testing.T) {
	t.Parallel()
	given := func(p *Plan) { p.LocalIPs = addresses("192.0.2.1", "192.0.2.2", "192.0.2.3") }
	examine(t, "local addresses", map[string]variation{
		"none": {
			machine: func(m *Machine) { m.Addresses = func() ([]netip.Addr, error) { return nil, nil } },
			level:   Warn, found: "0", needed: "1", change: "ip address add ADDRESS dev DEVICE",
		},
		"too few": {plan: connections(60_000), level: Warn, found: "1 (192.0.2.10)", needed: "3", change: "ip address add"},
		"many": {
			machine: func(m *Machine) {
				m.Addresses = func() ([]netip.Addr, error) {
					return addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"), nil
				}
			},
			found: "5 (10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, …)",
		},
		"four": {
			machine: func(m *Machine) {
				m.Addresses = func() ([]netip.Addr, error) {
					return addresses("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"), nil
				}
			},
			found: "4 (10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4)",
		},
		"just enough":   {plan: connections(28_232), found: "1 (192.0.2.10)", needed: "1"},
		"one too many":  {plan: connections(28_233), level: Warn, needed: "2"},
		"without ports": {files: map[string]string{"proc/sys/net/ipv4/ip_local_reserved_ports": "1-65535"}, needed: "1"},
		"given":         {plan: given, found: "all 3 of --local-ips"},
		"given, one of another machine": {
			plan: given,
			machine: func(m *Machine) {
				m.Bind = func(a netip.Addr) error {
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

func TestLoopback(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][][]netip.Addr{
		true:  {addresses("127.0.0.1"), addresses("127.0.0.1", "127.8.9.1")},
		false: {nil, addresses("::1"), addresses("127.0.0.1", "192.0.2.1"), addresses("192.0.2.1"), addresses("127.0.0.1", "::1")},
	} {
		for _, destinations := range all {
			e := &examination{destinations: destinations}
			require.Equal(t, want, e.loopback(), destinations)
		}
	}
}
