package limits

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Ports is the range from which the kernel chooses the local port of a connection that
// doesn't ask for a certain one: ip_local_port_range and ip_local_reserved_ports in
// ip(7). It holds for IPv6 too.
type Ports struct {
	First, Last int
	// Reserved is how many ports of the range are never chosen.
	Reserved int
}

// Free returns how many ports there are to choose from.
func (p Ports) Free() int { return p.Last - p.First + 1 - p.Reserved }

// Ports reads the range of local ports.
func (s System) Ports() (Ports, error) {
	numbers, err := s.numbers("proc/sys/net/ipv4/ip_local_port_range", 2)
	if err != nil {
		return Ports{}, err
	}
	p := Ports{First: int(numbers[0]), Last: int(numbers[1])}
	p.Reserved, err = s.reserved(p)
	return p, err
}

// reserved counts the ports of p that are in the system's list of reserved ones, which
// looks like "8080,9148-9150".
func (s System) reserved(p Ports) (int, error) {
	const path = "proc/sys/net/ipv4/ip_local_reserved_ports"
	text, err := fs.ReadFile(s.Root, path)
	if err != nil {
		return 0, err
	}
	count := 0
	for part := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == ',' || r == '\n' }) {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil {
			return 0, fmt.Errorf("%s: %w", path, errFormat)
		}
		count += max(0, min(last, p.Last)-max(first, p.First)+1)
	}
	return count, nil
}
