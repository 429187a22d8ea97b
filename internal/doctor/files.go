package doctor

import "fmt"

// reserve is how many files a k6 process opens besides its connections: its own files,
// those of outputs, and the HTTP connections of publishers.
const reserve = 100

// openFiles checks RLIMIT_NOFILE (getrlimit(2)).
func (e *examination) openFiles() Finding {
	f := Finding{Check: "open files"}
	limit, err := e.OpenFiles()
	if err != nil {
		return unknown(f.Check)
	}
	needed := e.perProcess() + reserve
	f.Found = fmt.Sprintf("%d for each process (ulimit -n)", limit)
	f.Needed = fmt.Sprint(needed)
	if uint64(needed) > limit {
		f.Level = Fail
		f.Change = fmt.Sprintf("ulimit -n %d in k6's shell, as root (limits.conf(5); LimitNOFILE in systemd.exec(5))", needed)
		if highest, err := e.MaxOpenFiles(); err == nil && uint64(needed) > highest {
			f.Change = fmt.Sprintf("sysctl -w fs.nr_open=%d, then %s", needed, f.Change)
		}
		if limit > reserve {
			f.Change += fmt.Sprintf(", or --processes %d (k6's --execution-segment)", divideUp(e.Connections, int(limit)-reserve))
		}
	}
	return f
}

// systemFiles checks file-max (proc(5)).
func (e *examination) systemFiles() Finding {
	f := Finding{Check: "system's files"}
	limit, open, err := e.SystemFiles()
	if err != nil {
		return unknown(f.Check)
	}
	needed := uint64(e.Connections + e.Processes*reserve)
	f.Found = fmt.Sprintf("%d for all processes (sysctl fs.file-max), %d open", limit, open)
	f.Needed = fmt.Sprint(needed)
	if open+needed > limit {
		f.Level = Fail
		f.Change = fmt.Sprintf("sysctl -w fs.file-max=%d", open+needed)
	}
	return f
}
