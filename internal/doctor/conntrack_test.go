package doctor

import "testing"

func TestConntrack(t *testing.T) {
	t.Parallel()
	table := func(most, count string) map[string]string {
		return map[string]string{
			"proc/sys/net/netfilter/nf_conntrack_max": most, "proc/sys/net/netfilter/nf_conntrack_count": count,
		}
	}
	examine(t, "conntrack", map[string]variation{
		"not loaded":   {files: table("", ""), found: "not loaded"},
		"just enough":  {files: table("10100", "100"), found: "100 of at most 10100", needed: "10000 more"},
		"not enough":   {files: table("10099", "100"), level: Fail, change: "sysctl -w net.netfilter.nf_conntrack_max=12600"},
		"perhaps idle": {files: table("5000", "0"), level: Warn, change: "sysctl -w net.netfilter.nf_conntrack_max=12500"},
	})
}
