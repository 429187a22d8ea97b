package doctor

import (
	"fmt"
	"time"
)

// Upper bounds of costs, measured on two cores of an x86-64 virtual machine with Linux
// 6.18 (docs/benchmarks.md). Memory is resident memory of the k6 process, in bytes.
const (
	processMemory = 60e6  // k6 without a VU
	vuMemory      = 113e3 // a VU that listens, without its connections
	plainMemory   = 12e3  // a ws connection
	tlsMemory     = 32e3  // a wss connection
	// kernelMemory is the kernel's own memory for a connection. /proc/slabinfo, with 8,000
	// connections on the loopback interface, has 2.5 kB for the socket, 0.9 kB for its
	// inode, and 4.2 kB with file, directory entry and epoll item.
	kernelMemory = 5e3

	plainDial    = 500 * time.Microsecond // CPU time until a ws connection is ready
	tlsDial      = time.Millisecond       // CPU time until a wss connection is ready
	deliveryCost = 15 * time.Microsecond  // CPU time; 12 µs when several messages wait
)

// memory checks whether there is enough memory for the VUs and their connections.
func (e *examination) memory() Finding {
	f := Finding{Check: "memory"}
	available, err := e.Memory()
	if err != nil {
		return unknown(f.Check)
	}
	needed := e.memoryNeeded(e.PerVU)
	f.Found = formatBytes(available) + " available"
	f.Needed = fmt.Sprintf("%s, %s of it the kernel's, beside k6's Trend values", formatBytes(needed), formatBytes(uint64(e.Connections)*kernelMemory))
	switch {
	case needed > available:
		f.Level = Fail
	case needed > available/4*3:
		f.Level = Warn
	}
	f.Change = "more machines (k6's --execution-segment)"
	if fewVUs := e.memoryNeeded(fullVU); fewVUs < available/4*3 {
		f.Change = fmt.Sprintf("%d connections in a VU take %s", fullVU, formatBytes(fewVUs))
	}
	return f
}

// fullVU is so many connections in a VU that the VU's own memory hardly counts.
const fullVU = 500

// memoryNeeded returns the memory, in bytes, for the plan with perVU connections in a VU.
func (e *examination) memoryNeeded(perVU int) uint64 {
	connection := uint64(plainMemory)
	if e.Secure {
		connection = tlsMemory
	}
	vus := divideUp(e.perProcess(), perVU) * e.Processes
	return uint64(e.Processes)*processMemory + uint64(vus)*vuMemory + uint64(e.Connections)*(connection+kernelMemory)
}

// processors checks whether the CPUs can read a broadcast in a second. A load generator
// that reads more slowly than the gateway sends measures its own delay.
func (e *examination) processors() Finding {
	dial := plainDial
	if e.Secure {
		dial = tlsDial
	}
	opening, broadcast := e.processorTime(dial), e.processorTime(deliveryCost)
	f := Finding{
		Check: "CPU",
		Found: fmt.Sprintf("%d, for about %d deliveries a second", e.CPUs, e.CPUs*int(time.Second/deliveryCost/1000*1000)),
		Needed: fmt.Sprintf("%s of them all to open the connections, %s to read a broadcast to each",
			opening.Round(time.Millisecond), broadcast.Round(time.Millisecond)),
	}
	if broadcast > time.Second {
		f.Level = Warn
		f.Change = "more machines (k6's --execution-segment), if broadcasts come faster"
	}
	return f
}

// processorTime returns how long all CPUs together take for all connections, if each
// connection takes the given CPU time.
func (e *examination) processorTime(each time.Duration) time.Duration {
	return each * time.Duration(e.Connections) / time.Duration(e.CPUs)
}
