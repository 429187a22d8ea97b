package report

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// A process that stood still for a moment is named, though 99 % of the deliveries don't show it.
func TestAStallIsNamed(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	files := s.files()
	for _, i := range files[1].Intervals.List {
		if i.ReadLag.Count() > 0 {
			i.ReadLag.Add(2 * time.Second)
			break
		}
	}
	h := joined(t, files...).Health()
	require.Equal(t, Good, h.Level)
	require.Contains(t, h.Text, "Not at fault for the delays: it read 99 % of the deliveries within ")
	require.Contains(t, h.Text, " of their arrival, but one delivery was read only after 2 s in process 2 at 07:40:58, which may have made the longest delays")
	h.Worst.At = h.Worst.At.UTC()
	require.Equal(t, Stall{2 * time.Second, false, 2, began.Add(10 * time.Second)}, h.Worst)

	h = joined(t, files[:1]...).Health()
	require.NotContains(t, h.Text, "but one")
}

func TestALateProcessIsNamed(t *testing.T) {
	t.Parallel()
	s := quick
	s.lag = 80 * time.Millisecond
	files := s.files()
	lag := &histogram.Distribution{}
	lag.Add(3 * time.Second)
	files[0].Intervals.List[9].ReadLag = lag // nothing was read in it
	h := joined(t, files...).Health()
	require.Equal(t, Suspect, h.Level)
	require.Contains(t, h.Text, " or more after it had arrived (the worst: one delivery was read only after 3 s at 07:40:59). Take more or larger machines")
}

// The kernel dates what it has gathered by what came last, so the read lag doesn't show that a
// process stood still.
func TestAProcessThatStoodStillIsNamed(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	files := s.files()
	still := func(process, second int, d time.Duration) {
		for _, i := range files[process-1].Intervals.List {
			if i.Start == began.Add(time.Duration(second)*time.Second).UnixMilli() {
				i.StoodStill += d.Microseconds()
			}
		}
	}
	still(1, 0, 5*time.Second) // before the broadcasts
	still(2, 12, 180*time.Millisecond)
	h := joined(t, files...).Health()
	require.Equal(t, Good, h.Level)
	require.Contains(t, h.Text, ", but process 2 stood still for 180 ms at 07:41:00, which may have made the longest delays")

	still(2, 12, 100*time.Millisecond)
	r := joined(t, files...)
	h = r.Health()
	require.Equal(t, Suspect, h.Level)
	require.Equal(t, "Part of the delays is its own: its processes stood still for 1.47 % of the time of the broadcasts (the worst: process 2 stood still for 280 ms at 07:41:00). "+
		"Take more or larger machines", h.Text)
	require.Equal(t, Suspect, r.Verdict().Level)
	require.Equal(t, Tile{Suspect, "Load generator at fault for delays", "in part", "its processes stood still for 1.47 % of the time of the broadcasts"}, r.healthTile(h))
	tile := r.delayTile(nil)
	require.Equal(t, Suspect, tile.Class, "a p99 that the generator may have made isn't good")
	require.Contains(t, tile.Detail, "; includes the load generator's own lateness")
}

// What a publisher sends late is late for everybody, so its share isn't divided among all.
func TestAPublisherThatStoodStill(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	for process, level := range map[int]Level{1: Suspect, 2: Good} {
		files := s.files()
		for _, i := range files[process-1].Intervals.List {
			if i.Start == began.Add(12*time.Second).UnixMilli() {
				i.StoodStill += 150_000
			}
		}
		h := joined(t, files...).Health()
		require.Equal(t, level, h.Level)
		if level == Suspect {
			require.Contains(t, h.Text, "Part of the delays is its own: process 1, which publishes, stood still for 1.58 % of the time of the broadcasts")
		}
	}
}

// A process that stood still told nothing of its connections meanwhile, and they were open.
func TestConnectionsStayOpenWhileAProcessStandsStill(t *testing.T) {
	t.Parallel()
	s := quick
	s.processes = 2
	files := s.files()
	list := files[1].Intervals.List
	files[1].Intervals.List = slices.Delete(list, 11, 14)
	r := joined(t, files...)
	for _, i := range r.Intervals.List[9 : len(r.Intervals.List)-1] {
		require.EqualValues(t, 160, i.Listening)
		require.EqualValues(t, 160, i.ListeningOn["apigw"])
	}
}
