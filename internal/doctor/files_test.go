package doctor

import "testing"

func TestOpenFiles(t *testing.T) {
	t.Parallel()
	examine(t, "open files", map[string]variation{
		"just enough":   {plan: connections(19_900), found: "20000 for each process", needed: "20000"},
		"one too many":  {plan: connections(19_901), level: Fail, needed: "20001", change: "ulimit -n 20001 in k6's shell, as root"},
		"two processes": {plan: func(p *Plan) { p.Connections, p.Processes = 39_800, 2 }, needed: "20000"},
		"more processes": {
			plan: func(p *Plan) { p.Connections, p.Processes = 150_000, 7 }, level: Fail,
			needed: "21529", change: ", or --processes 8 (k6's --execution-segment)",
		},
		"two million": {
			plan: connections(2_000_000), level: Fail,
			change: "sysctl -w fs.nr_open=2000100, then ulimit -n 2000100",
		},
		"hardly more than the reserve": {
			machine: func(m *Machine) { m.OpenFiles = func() (uint64, error) { return 101, nil } },
			level:   Fail, change: ", or --processes 10000 (k6's --execution-segment)",
		},
		"as high as the limit can be raised": {
			plan: connections(1_048_476), level: Fail, needed: "1048576",
			absent: "fs.nr_open", change: "ulimit -n 1048576",
		},
		"too many for the limit to be raised to": {
			plan: connections(1_048_477), level: Fail, change: "sysctl -w fs.nr_open=1048577, then ulimit -n 1048577",
		},
		"no more than the reserve": {
			machine: func(m *Machine) { m.OpenFiles = func() (uint64, error) { return 100, nil } },
			level:   Fail, change: "ulimit -n 10100", absent: "--processes",
		},
		"less than the reserve": {
			machine: func(m *Machine) { m.OpenFiles = func() (uint64, error) { return 64, nil } },
			level:   Fail, change: "(limits.conf(5); LimitNOFILE in systemd.exec(5))",
		},
	})
}

func TestSystemFiles(t *testing.T) {
	t.Parallel()
	examine(t, "system's files", map[string]variation{
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
