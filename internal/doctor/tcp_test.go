package doctor

import "testing"

func TestTCPMemory(t *testing.T) {
	t.Parallel()
	memory := func(text string) map[string]string { return map[string]string{"proc/sys/net/ipv4/tcp_mem": text} }
	examine(t, "TCP memory", map[string]variation{
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
		"exactly a page each": {files: map[string]string{"proc/sys/net/ipv4/tcp_rmem": "4096 5000 6000", "proc/sys/net/ipv4/tcp_wmem": "4096 5000 6000"}, found: "pages before pressure"},
		"no buffer sizes":     {files: map[string]string{"proc/sys/net/ipv4/tcp_wmem": ""}, level: Unknown},
		"no memory":           {files: map[string]string{"proc/sys/net/ipv4/tcp_mem": ""}, level: Unknown},
	})
}
