package doctor

import (
	"fmt"
	"time"
)

// What things cost at most, as measured on two cores of an x86-64 virtual machine with
// Linux 6.18 (docs/benchmarks.md). Resident memory is that of the k6 process.
const (
	processMemory = 60e6  // k6 without a VU
	vuMemory      = 113e3 // a VU that listens; with one plain connection, 125 kB
	plainMemory   = 12e3
	tlsMemory     = 32e3
	// kernelMemory is what a socket takes beside that: 2.5 kB for the socket, 0.9
	// for its inode, and file, directory entry and epoll item make 4.2 kB in
	// /proc/slabinfo with 8,000 connections on the loopback interface.
	kernelMemory = 5e3

	plainDial    = 500 * time.Microsecond // CPU, until a connection is ready
	tlsDial      = time.Millisecond
	deliveryCost = 15 * time.Microsecond // CPU; 12 where several wait
)

// memory looks at what is free for the connections.
func (e *examination) memory() Finding {
	f := Finding{Check: "memory"}
	available, err := e.Memory()
	if err != nil {
		return unknown(f.Check)
	}
	needed := e.memoryNeeded(e.PerVU)
	f.Found = bytes(available) + " available"
	f.Needed = fmt.Sprintf("%s, %s of it the kernel's, beside k6's Trend values", bytes(needed), bytes(uint64(e.Connections)*kernelMemory))
	switch {
	case needed > available:
		f.Level = Fail
	case needed > available/4*3:
		f.Level = Warn
	}
	f.Change = "more machines (k6's --execution-segment)"
	if least := e.memoryNeeded(many); least < available/4*3 {
		f.Change = fmt.Sprintf("%d connections in a VU take %s", many, bytes(least))
	}
	return f
}

// many connections in a VU make its own memory no matter.
const many = 500

func (e *examination) memoryNeeded(perVU int) uint64 {
	each := uint64(plainMemory)
	if e.Secure {
		each = tlsMemory
	}
	vus := divide(e.each(), perVU) * e.Processes
	return uint64(e.Processes)*processMemory + uint64(vus)*vuMemory + uint64(e.Connections)*(each+kernelMemory)
}

// processors says what the CPUs can do. A load generator that needs longer to read
// a broadcast than the gateway to send it falls behind.
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

// processorTime is how long all CPUs take to do something for all connections.
func (e *examination) processorTime(each time.Duration) time.Duration {
	return each * time.Duration(e.Connections) / time.Duration(e.CPUs)
}
