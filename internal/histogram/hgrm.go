package histogram

import (
	"bufio"
	"fmt"
	"io"
	"time"
)

// WriteHGRM writes the percentiles as HdrHistogram's text, in milliseconds, which its
// plotters read. There is a line for each bucket that isn't empty.
func (d *Distribution) WriteHGRM(w io.Writer) error {
	out := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	var below uint64
	for bucket, n := range d.buckets {
		below += n
		value := inMilliseconds(min(max(micros(mirroredMiddle(bucket)), d.Min()), d.Max()))
		part := float64(below) / float64(d.count)
		if below == d.count { // HdrHistogram leaves the infinity out
			_, _ = fmt.Fprintf(out, "%12.3f %2.12f %10d\n", value, part, below)
			break
		}
		_, _ = fmt.Fprintf(out, "%12.3f %2.12f %10d %14.2f\n", value, part, below, 1/(1-part))
	}
	_, _ = fmt.Fprintf(out, "#[Mean    = %12.3f]\n#[Max     = %12.3f, Total count    = %12d]\n",
		inMilliseconds(d.Mean()), inMilliseconds(d.Max()), d.count)
	return out.Flush()
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
