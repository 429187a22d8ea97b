package limits

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// TCPMemory is what all TCP sockets may hold in their queues together, in pages:
// tcp_mem in tcp(7).
type TCPMemory struct {
	// Pressure is where the kernel begins to moderate, Most where it begins to drop.
	Pressure, Most uint64
	// Used is what they hold now.
	Used uint64
}

// TCPMemory reads it.
func (s System) TCPMemory() (TCPMemory, error) {
	numbers, err := s.numbers("proc/sys/net/ipv4/tcp_mem", 3)
	if err != nil {
		return TCPMemory{}, err
	}
	used, err := s.sockstat("mem")
	return TCPMemory{Pressure: numbers[1], Most: numbers[2], Used: used}, err
}

// TCPLeast is what each socket may hold of received and of sent data whatever the
// pressure, in bytes: the first numbers of tcp_rmem and tcp_wmem in tcp(7).
func (s System) TCPLeast() (received, sent uint64, err error) {
	in, err := s.numbers("proc/sys/net/ipv4/tcp_rmem", 3)
	if err != nil {
		return 0, 0, err
	}
	out, err := s.numbers("proc/sys/net/ipv4/tcp_wmem", 3)
	if err != nil {
		return 0, 0, err
	}
	return in[0], out[0], nil
}

// TimeWait is how many closed connections keep their ports for a minute more:
// TIME-WAIT of RFC 9293.
func (s System) TimeWait() (int, error) {
	n, err := s.sockstat("tw")
	return int(n), err
}

// sockstat finds a number in a line like "TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1".
func (s System) sockstat(name string) (uint64, error) {
	const path = "proc/net/sockstat"
	text, err := fs.ReadFile(s.Root, path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			if fields[i] == name {
				return strconv.ParseUint(fields[i+1], 10, 64)
			}
		}
	}
	return 0, fmt.Errorf("%s: %w", path, errForm)
}
