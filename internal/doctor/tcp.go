package doctor

import "fmt"

// tcpMemory checks tcp_mem, tcp_rmem and tcp_wmem (tcp(7)). A connection that waits takes
// none of that memory, and one with a short message in its queue takes a page: on Linux
// 6.18, 8,000 connections with 100 unread bytes each took 8,000 pages, and 360 in all
// after reading. So a broadcast takes at most a page for each connection.
func (e *examination) tcpMemory() Finding {
	f := Finding{Check: "TCP memory"}
	memory, err := e.TCPMemory()
	received, sent, bufferErr := e.TCPMinBuffers()
	if err != nil || bufferErr != nil {
		return unknown(f.Check)
	}
	needed := uint64(e.Connections)
	f.Found = fmt.Sprintf("%d pages before pressure, %d at most, %d in use (sysctl net.ipv4.tcp_mem)",
		memory.Pressure, memory.Max, memory.Used)
	f.Needed = fmt.Sprintf("%d pages, when a message waits at each connection", needed)
	switch {
	case memory.Used+needed > memory.Pressure:
		f.Level = Warn
		low := memory.Used + needed
		f.Change = fmt.Sprintf("sysctl -w net.ipv4.tcp_mem=\"%d %d %d\"; above the last, what comes in is dropped and sent again",
			low, low*5/4, low*3/2)
	case min(received, sent) < e.PageSize:
		f.Level = Warn
		f.Found = fmt.Sprintf("%d bytes received and %d sent are each connection's under pressure", received, sent)
		f.Needed = fmt.Sprintf("a page of %d", e.PageSize)
		f.Change = fmt.Sprintf("the first numbers of sysctl net.ipv4.tcp_rmem and tcp_wmem to %d", e.PageSize)
	}
	return f
}
