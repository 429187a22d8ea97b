package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

// Machine is the machine as the checks see it.
type Machine struct {
	limits.System
	// CPUs is how many of them Go uses, which heeds affinity and control groups.
	CPUs int
	// PageSize is that of the memory, in bytes.
	PageSize uint64
	// Addresses are the machine's own.
	Addresses func() ([]netip.Addr, error)
	// Bind returns an error if no connection can have this local address.
	Bind func(netip.Addr) error
	// Clock reads the state of the system's clock.
	Clock func() (Clock, error)
	// Arrivals returns an error if the kernel doesn't date what arrives.
	Arrivals func(context.Context) error
	// Resolve, Dial and TLS are what the gateway is reached with.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	TLS     *tls.Config
}

// LocalMachine is the machine that this process runs on.
func LocalMachine() Machine {
	return Machine{
		System:    limits.Local(),
		CPUs:      runtime.GOMAXPROCS(0),
		PageSize:  uint64(os.Getpagesize()),
		Addresses: ownAddresses,
		Bind:      bind,
		Clock:     readClock,
		Arrivals:  kernelTimes,
		Resolve:   resolve,
		Dial:      (&net.Dialer{}).DialContext,
	}
}
