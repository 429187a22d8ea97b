package report

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// began is when all made-up runs began.
var began = time.UnixMilli(1_795_678_848_000).UTC()

// story is a made-up run: so many processes, each with listeners of its own, of which the
// first broadcasts.
type story struct {
	run                              string
	gateway                          string
	processes, listeners, broadcasts int // listeners of each process
	every                            time.Duration
	delay                            time.Duration // of a typical delivery
	lag                              time.Duration // of a typical read
	// cutAt is the broadcast before which the gateway cuts the connections of a part of
	// the listeners; zero for none.
	cutAt, cut int
	dropped    float64 // the part of all deliveries
	clocks     []result.Clock
	skew       time.Duration // of the publisher's clock
	refused    int64
	unsent     int64
	limit      string
}

// files are the result files of the story's processes.
func (s story) files() []*result.File {
	random := rand.New(rand.NewPCG(uint64(s.listeners), uint64(s.broadcasts)))
	var files []*result.File
	for process := 1; process <= s.processes; process++ {
		files = append(files, s.file(random, process))
	}
	return files
}

const originID = 0xab12cd34

func (s story) file(random *rand.Rand, process int) *result.File {
	c := result.NewCollector()
	id := result.Identity{Run: s.run, Process: process, Processes: s.processes}
	c.Begin(id, result.Setup{
		K6: "v2.2.0", Extension: "v0.1.0", Host: "loadgen-" + string(rune('a'+process-1)), CPUs: 8,
		Scenarios: []result.Scenario{
			{Name: "listeners", Description: "100 looping VUs for 1m0s (exec: listener, gracefulStop: 0s)"},
			{Name: "broadcast", Description: "1 iterations for each of 1 VUs (maxDuration: 10m0s, exec: broadcast, gracefulStop: 30s)"},
		},
	}, began)
	c.UseGateway(result.Gateway{Name: s.gateway, URL: "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod"})
	ramp := s.open(c, random, process)
	first := began.Add(ramp + 2*time.Second)
	origin, local := result.OriginOf(s.gateway, originID), process == 1
	for k := 1; k <= s.broadcasts; k++ {
		s.broadcast(c, random, origin, local, k, first.Add(time.Duration(k-1)*s.every))
	}
	if local {
		c.SeriesBegun(origin, int64(s.broadcasts)+s.unsent)
		c.SeriesEnded(origin, 0, s.unsent)
	}
	end := first.Add(time.Duration(s.broadcasts)*s.every + 5*time.Second)
	left := int64(s.listeners)
	if s.cutAt > 0 {
		left -= int64(s.cut)
	}
	c.Add(&result.Batch{Gateway: s.gateway, Closings: map[result.Closing]int64{{By: "client", Code: "1000"}: left}}, end)
	c.Gauge(0, nil, end)
	f := c.Snapshot()
	f.State, f.Written, f.Ended = result.Ended, end, &end
	f.Clock = result.Clock{Synchronised: true, Bound: 400, Kernel: id.Name()}
	if s.clocks != nil {
		f.Clock = s.clocks[process-1]
	}
	return f
}

// open opens the listeners' connections, and returns how long that took.
func (s story) open(c *result.Collector, random *rand.Rand, process int) time.Duration {
	const seconds = 8
	if s.limit != "" && process == 1 {
		c.MeetLimit(s.limit)
	}
	for second := range seconds {
		now := began.Add(time.Duration(second) * time.Second)
		b := &result.Batch{Gateway: s.gateway, Opened: int64(s.listeners / seconds)}
		for range s.listeners / seconds {
			b.ReadyTimes = append(b.ReadyTimes, time.Duration((30+20*random.ExpFloat64())*float64(time.Millisecond)))
		}
		if s.refused > 0 {
			b.Failures = map[result.Failure]int64{{Phase: "upgrade", Status: "429"}: s.refused / seconds}
		}
		c.Add(b, now)
		ready := int64((second + 1) * s.listeners / seconds)
		c.Gauge(ready, map[string]int64{s.gateway: ready}, now)
	}
	return seconds * time.Second
}

// broadcast has one process's listeners hear a broadcast.
func (s story) broadcast(c *result.Collector, random *rand.Rand, origin result.Origin, local bool, k int, at time.Time) {
	listening := s.listeners
	out := result.Broadcast{From: uint32(k), To: uint32(k), Count: 1, SentFirst: at.UnixMilli(), SentLast: at.UnixMilli()}
	b := &result.Batch{Gateway: s.gateway}
	if s.cutAt > 0 && k >= s.cutAt {
		listening -= s.cut
		out.Missed = int64(s.cut)
	}
	if k == s.cutAt {
		out.Missed, out.Cut, out.Expected = 0, int64(s.cut), int64(s.cut)
		b.Closings = map[result.Closing]int64{{By: "gateway", Code: "1001"}: int64(s.cut)}
	}
	out.Expected += int64(listening)
	out.First, out.Last = 1<<62, -1<<62
	for range listening {
		if random.Float64() < s.dropped {
			out.Missing++
			continue
		}
		d := time.Duration(float64(s.delay) * (0.4 + 0.6*random.ExpFloat64()))
		if random.IntN(200) == 0 {
			d *= 4
		}
		if !local {
			d -= s.skew
		}
		lag := time.Duration(float64(s.lag) * random.ExpFloat64())
		b.Deliveries = append(b.Deliveries, result.Delivery{Origin: originID, Local: local, Delay: d, Lag: lag})
		out.Received++
		out.Reached = 1
		out.First, out.Last = min(out.First, d.Microseconds()), max(out.Last, d.Microseconds())
	}
	if out.Reached == 0 {
		out.First, out.Last = 0, 0
	}
	c.Add(b, at.Add(100*time.Millisecond))
	c.Gauge(int64(listening), map[string]int64{s.gateway: int64(listening)}, at.Add(100*time.Millisecond))
	c.BroadcastSettled(origin, local, out)
}

// cutInTheMiddle is a run in which the gateway cuts 300 of 1,000 listeners off.
var cutInTheMiddle = story{
	run: "cut", gateway: "appsync", processes: 1, listeners: 1000, broadcasts: 100,
	every: 500 * time.Millisecond, delay: 25 * time.Millisecond, lag: 300 * time.Microsecond, cutAt: 50, cut: 300, dropped: 0.0002,
}

// joined is the only run of these files.
func joined(t *testing.T, files ...*result.File) *Run {
	t.Helper()
	runs := (&Input{Files: files}).Join(false)
	require.Len(t, runs, 1)
	return runs[0]
}

// save writes files as their processes do, and returns the directory.
func save(t *testing.T, files ...*result.File) string {
	t.Helper()
	directory := t.TempDir()
	for _, f := range files {
		text, err := json.Marshal(f)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(directory, f.Name()), text, 0o600))
	}
	return directory
}

// bucketsOf are a distribution's buckets.
func bucketsOf(d *histogram.Distribution) map[time.Duration]int64 {
	found := make(map[time.Duration]int64)
	for middle, n := range d.Buckets {
		found[middle] = n
	}
	return found
}
