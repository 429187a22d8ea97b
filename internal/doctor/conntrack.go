package doctor

import "fmt"

// conntrack looks at nf_conntrack_max: a full table lets no new connection through.
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
	f.Found = fmt.Sprintf("%d of at most %d (sysctl net.netfilter.nf_conntrack_max)", table.Count, table.Most)
	f.Needed = fmt.Sprintf("%d more", needed)
	if table.Count+needed > table.Most {
		f.Level = Fail
		f.Change = fmt.Sprintf("sysctl -w net.netfilter.nf_conntrack_max=%d", table.Count+needed+needed/4)
		if table.Count == 0 { // loaded, but perhaps there is no rule that has connections tracked
			f.Level = Warn
		}
	}
	return f
}
