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

// Machine is what the checks need to know of a machine.
type Machine struct {
	limits.System
	// CPUs is how many CPUs Go uses; it respects affinity and control groups.
	CPUs int
	// PageSize is the size of a page of memory, in bytes.
	PageSize uint64
	// Addresses returns the machine's own addresses.
	Addresses func() ([]netip.Addr, error)
	// Bind returns an error if a connection can't have this local address.
	Bind func(netip.Addr) error
	// Clock reads the state of the system's clock.
	Clock func() (Clock, error)
	// Arrivals returns an error if the kernel gives no arrival times.
	Arrivals func(context.Context) error
	// Resolve, Dial and TLS are used to reach the gateway.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	TLS     *tls.Config
}

// LocalMachine returns the machine that this process runs on.
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
