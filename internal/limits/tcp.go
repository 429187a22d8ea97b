package limits

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// TCPMemory is how much memory the queues of all TCP sockets may take together, in
// pages: tcp_mem in tcp(7).
type TCPMemory struct {
	// Pressure is where the kernel begins to moderate its use of memory, and Max where it
	// begins to drop packets.
	Pressure, Max uint64
	// Used is how much they take now.
	Used uint64
}

// TCPMemory reads the limits on TCP's memory and its use.
func (s System) TCPMemory() (TCPMemory, error) {
	numbers, err := s.numbers("proc/sys/net/ipv4/tcp_mem", 3)
	if err != nil {
		return TCPMemory{}, err
	}
	used, err := s.sockstat("mem")
	return TCPMemory{Pressure: numbers[1], Max: numbers[2], Used: used}, err
}

// TCPMinBuffers returns the sizes of the buffers, in bytes, that every socket has even
// under memory pressure: the first numbers of tcp_rmem and tcp_wmem in tcp(7).
func (s System) TCPMinBuffers() (received, sent uint64, err error) {
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

// TimeWait returns how many closed connections still hold their ports, as each does for
// a minute: TIME-WAIT in RFC 9293.
func (s System) TimeWait() (int, error) {
	n, err := s.sockstat("tw")
	return int(n), err
}

// sockstat returns the number after name in a line like "TCP: inuse 5 orphan 0 tw 2 alloc
// 7 mem 1".
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
	return 0, fmt.Errorf("%s: %w", path, errFormat)
}
