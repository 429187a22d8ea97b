package report

import (
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
	require.Contains(t, h.Text, "Not at fault: it read 99 % of the deliveries within ")
	require.Contains(t, h.Text, " of their arrival, but one only after 2 s in process 2 at 07:40:58: distrust the longest delays")
	require.Equal(t, Stall{2 * time.Second, 2, began.Add(10 * time.Second)}, Stall{h.Longest.Lag, h.Longest.Process, h.Longest.At.UTC()})

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
	require.Contains(t, h.Text, " or more after it had arrived, the latest 3 s at 07:40:59; distrust the delays, and take more or larger machines")
}
