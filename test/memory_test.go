package e2e

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// watchMemory watches a process and returns what ends that: it returns the largest
// resident set that the process has had, in bytes; zero where the system doesn't tell.
//
// The kernel's own account, ru_maxrss, begins with that of the process which started
// this one, and a test process may well be the larger of the two.
func watchMemory(pid int) (peak func() int64) {
	const often = 20 * time.Millisecond
	done, result := make(chan struct{}), make(chan int64)
	go func() {
		var largest int64
		for tick := time.NewTicker(often); ; {
			largest = max(largest, highWater(pid))
			select {
			case <-tick.C:
			case <-done:
				tick.Stop()
				result <- largest
				return
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-result
	}
}

// highWater is the largest resident set of a running process so far.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ = bytes.Cut(line, []byte("kB"))
	kilobytes, _ := strconv.ParseInt(strings.TrimSpace(string(line)), 10, 64)
	return kilobytes << 10
}
