package doctor

import "fmt"

// conntrack checks nf_conntrack_max: when that table is full, new connections are dropped.
func (e *examination) conntrack() Finding {
	f := Finding{Check: "conntrack"}
	table, err := e.Conntrack()
	if err != nil {
		return unknown(f.Check)
	}
	if !table.Loaded {
		f.Found = "not loaded"
		return f
	}
	needed := uint64(e.Connections)
	f.Found = fmt.Sprintf("%d of at most %d (sysctl net.netfilter.nf_conntrack_max)", table.Count, table.Max)
	f.Needed = fmt.Sprintf("%d more", needed)
	if table.Count+needed > table.Max {
		f.Level = Fail
		f.Change = fmt.Sprintf("sysctl -w net.netfilter.nf_conntrack_max=%d", table.Count+needed+needed/4)
		if table.Count == 0 { // the module is loaded, but no firewall rule may use it
			f.Level = Warn
		}
	}
	return f
}
