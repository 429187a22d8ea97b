package limits

import (
	"errors"
	"io/fs"
)

// Conntrack is the kernel's table of connections that its firewall tracks
// (nf_conntrack_max in the kernel's networking/nf_conntrack-sysctl). A full one
// lets no new connection through.
type Conntrack struct {
	Loaded      bool
	Most, Count uint64
}

// Conntrack reads how full it is.
func (s System) Conntrack() (Conntrack, error) {
	if _, err := fs.Stat(s.Root, "proc/sys/net"); err != nil {
		return Conntrack{}, err
	}
	most, err := s.numbers("proc/sys/net/netfilter/nf_conntrack_max", 1)
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
	return Conntrack{Loaded: true, Most: most[0], Count: count[0]}, nil
}
