package limits

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPorts(t *testing.T) {
	t.Parallel()
	for reserved, count := range map[string]int{
		"\n":                                    0,
		"8080\n":                                0,
		"32768\n":                               1,
		"60999\n":                               1,
		"32767-32769\n":                         2,
		"8080,32768-32770,40000,60999-61001\n":  5,
		"1-65535\n":                             28232,
		"1-32767\n":                             0,
		"61000-65535\n":                         0,
		"50000-50009,50100-50109,50200-50209\n": 30,
	} {
		s := system(map[string]string{
			"proc/sys/net/ipv4/ip_local_port_range":     "32768\t60999\n",
			"proc/sys/net/ipv4/ip_local_reserved_ports": reserved,
		})
		p, err := s.Ports()
		require.NoError(t, err)
		require.Equal(t, Ports{First: 32768, Last: 60999, Reserved: count}, p, reserved)
		require.Equal(t, 28232-count, p.Free())
	}
}

func TestPortsInAnUnexpectedFormat(t *testing.T) {
	t.Parallel()
	for _, reserved := range []string{"80 - 90", "80-", "-90", "80-x", "x"} {
		_, err := system(map[string]string{
			"proc/sys/net/ipv4/ip_local_port_range":     "1024 65535",
			"proc/sys/net/ipv4/ip_local_reserved_ports": reserved,
		}).Ports()
		require.EqualError(t, err, "proc/sys/net/ipv4/ip_local_reserved_ports: unexpected format", reserved)
	}
}
