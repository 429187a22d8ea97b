package rollcall

import (
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

var start = time.UnixMicro(1_601_101_219_641_123)

// seconds is a time of a test.
func seconds(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// calling is the first of three processes, which waits for thirty listeners.
func calling(adapt ...func(*Config)) *Call {
	var last uint32
	config := Config{
		Run: 7, Process: 1, Processes: 3, Asker: 0xa, Needed: 30, Share: 10,
		Number: func() uint32 { last++; return last }, Random: func() float64 { return 0.5 },
	}
	for _, f := range adapt {
		f(&config)
	}
	return New(config, start)
}

// present is an answer of a process.
func present(process uint16, count Count, at float64) *stamp.Present {
	p := &stamp.Present{
		Run: 7, Asker: 0xa, Roll: 1, Process: process, Processes: 3, Answer: uint32(at*10) + 1, Sent: seconds(at),
	}
	count.EnterIn(p)
	return p
}

// call calls the roll at a time.
func (c *Call) callAt(at float64) *stamp.Roll { return c.Roll(seconds(at), seconds(at)) }

// hearAt enters an answer at the time when it was sent.
func (c *Call) hearAt(process uint16, count Count, at float64) {
	c.Hear(present(process, count, at), seconds(at), seconds(at))
}
