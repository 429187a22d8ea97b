package limits

import (
	"errors"
	"io/fs"
)

// Conntrack is the table of connections that the kernel's firewall tracks
// (networking/nf_conntrack-sysctl in the kernel's documentation). When it is full, new
// connections are dropped.
type Conntrack struct {
	// Loaded reports whether there is such a table.
	Loaded bool
	// Max is how many connections it can hold, Count how many it holds.
	Max, Count uint64
}

// Conntrack reads the size of the table of tracked connections.
func (s System) Conntrack() (Conntrack, error) {
	if _, err := fs.Stat(s.Root, "proc/sys/net"); err != nil {
		return Conntrack{}, err
	}
	limit, err := s.numbers("proc/sys/net/netfilter/nf_conntrack_max", 1)
	if errors.Is(err, fs.ErrNotExist) {
		return Conntrack{}, nil
	}
	if err != nil {
		return Conntrack{}, err
	}
	count, err := s.numbers("proc/sys/net/netfilter/nf_conntrack_count", 1)
	if err != nil {
		return Conntrack{}, err
	}
	return Conntrack{Loaded: true, Max: limit[0], Count: count[0]}, nil
}
