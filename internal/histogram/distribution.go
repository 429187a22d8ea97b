package histogram

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Distribution is a distribution of durations that can be merged with others: the sum of
// two is what one would hold that had counted the durations of both. It has Histogram's
// buckets, and their mirror images for negative durations, so that a correction of the
// clocks can be applied afterwards. It is for one goroutine at a time; the zero value is
// empty.
type Distribution struct {
	from           int // the bucket of counts[0]; bucket -i mirrors bucket i
	counts         []uint64
	count          uint64
	sum, low, high int64 // µs
}

// Add counts one duration.
func (d *Distribution) Add(duration time.Duration) {
	us := duration.Microseconds()
	d.extend(us, us, us)
	d.add(mirroredIndex(us), 1)
}

// add adds n durations to a bucket.
func (d *Distribution) add(bucket int, n uint64) {
	*d.at(bucket) += n
	d.count += n
}

// extend enters what the buckets don't tell exactly of durations that add is yet to count.
func (d *Distribution) extend(sum, low, high int64) {
	if d.count == 0 {
		d.low, d.high = low, high
	}
	d.sum += sum
	d.low, d.high = min(d.low, low), max(d.high, high)
}

// at returns the counter of a bucket, and makes one if there is none.
func (d *Distribution) at(bucket int) *uint64 {
	const spare = 16 // grown at a time, because neighbours come next
	switch {
	case len(d.counts) == 0:
		d.from, d.counts = bucket, make([]uint64, 1, spare)
	case bucket < d.from:
		more := d.from - bucket + spare
		d.counts = slices.Insert(d.counts, 0, make([]uint64, more)...)
		d.from -= more
	case bucket >= d.from+len(d.counts):
		d.counts = append(d.counts, make([]uint64, bucket-d.from-len(d.counts)+1)...)
	}
	return &d.counts[bucket-d.from]
}

// Merge adds all durations of another distribution.
func (d *Distribution) Merge(other *Distribution) {
	if other == nil || other.count == 0 {
		return
	}
	d.extend(other.sum, other.low, other.high)
	for bucket, n := range other.buckets {
		d.add(bucket, n)
	}
}

// Shifted returns the distribution with this added to every duration. A duration is known
// to a bucket only, so the quantiles of the result may be off by a bucket more.
func (d *Distribution) Shifted(by time.Duration) *Distribution {
	shifted := &Distribution{}
	us := by.Microseconds()
	for bucket, n := range d.buckets {
		shifted.add(mirroredIndex(mirroredMiddle(bucket)+us), n)
	}
	shifted.sum = d.sum + us*int64(d.count)
	shifted.low, shifted.high = d.low+us, d.high+us
	return shifted
}

// Clone returns a copy.
func (d *Distribution) Clone() *Distribution {
	if d == nil {
		return nil
	}
	clone := *d
	clone.counts = slices.Clone(d.counts)
	return &clone
}

// Count returns how many durations were added, of a nil Distribution none.
func (d *Distribution) Count() int64 {
	if d == nil {
		return 0
	}
	return int64(d.count)
}

// Min returns the shortest duration, and zero if there is none.
func (d *Distribution) Min() time.Duration { return micros(d.low) }

// Max returns the longest duration, and zero if there is none.
func (d *Distribution) Max() time.Duration { return micros(d.high) }

// Mean returns the mean duration, and zero if there is none.
func (d *Distribution) Mean() time.Duration {
	if d.count == 0 {
		return 0
	}
	return time.Duration(float64(d.sum) / float64(d.count) * float64(time.Microsecond))
}

// Quantile returns the duration that this part, from 0 to 1, of all durations doesn't
// exceed, and zero if there is none. It is off by less than one per cent.
func (d *Distribution) Quantile(q float64) time.Duration {
	if d.count == 0 {
		return 0
	}
	if q >= 1 {
		return d.Max()
	}
	left := math.Ceil(q * float64(d.count))
	for bucket, n := range d.buckets {
		if left -= float64(n); left <= 0 {
			return min(max(micros(mirroredMiddle(bucket)), d.Min()), d.Max())
		}
	}
	return d.Max()
}

// Buckets calls yield for every duration that a bucket stands for, its middle, and how
// many durations are in the bucket, in ascending order, without the empty ones.
func (d *Distribution) Buckets(yield func(middle time.Duration, n int64) bool) {
	for bucket, n := range d.buckets {
		if !yield(micros(mirroredMiddle(bucket)), int64(n)) {
			return
		}
	}
}

// buckets is Buckets by number.
func (d *Distribution) buckets(yield func(bucket int, n uint64) bool) {
	for i, n := range d.counts {
		if n > 0 && !yield(d.from+i, n) {
			return
		}
	}
}

// mirroredIndex is index, which for a negative duration is that of its absolute value,
// negated.
func mirroredIndex(us int64) int {
	if us < 0 {
		return -index(-us)
	}
	return index(us)
}

// mirroredMiddle is the inverse of mirroredIndex.
func mirroredMiddle(bucket int) int64 {
	if bucket < 0 {
		return -middle(-bucket)
	}
	return middle(bucket)
}

// formVersion is that of the JSON form, and with it of the buckets.
const formVersion = 1

// form is a Distribution as JSON. Times are in µs.
type form struct {
	Version int   `json:"v"`
	Sum     int64 `json:"sum"`
	Min     int64 `json:"min"`
	Max     int64 `json:"max"`
	// Runs are the buckets that aren't empty: in each the number of its first bucket,
	// and how many durations are in that one and in each of those after it.
	Runs [][]int64 `json:"runs"`
}

// MarshalJSON implements json.Marshaler. Empty buckets take no space.
func (d *Distribution) MarshalJSON() ([]byte, error) {
	f := form{Version: formVersion, Sum: d.sum, Min: d.low, Max: d.high, Runs: [][]int64{}}
	next := math.MinInt
	for bucket, n := range d.buckets {
		if bucket != next {
			f.Runs = append(f.Runs, []int64{int64(bucket)})
		}
		last := len(f.Runs) - 1
		f.Runs[last] = append(f.Runs[last], int64(n))
		next = bucket + 1
	}
	return json.Marshal(f)
}

// UnmarshalJSON implements json.Unmarshaler. It refuses what MarshalJSON can't have written.
func (d *Distribution) UnmarshalJSON(data []byte) error {
	var f form
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	if f.Version != formVersion {
		return fmt.Errorf("histogram: version %d is unknown; this reads version %d", f.Version, formVersion)
	}
	read := Distribution{}
	for _, run := range f.Runs {
		if len(run) < 2 || run[0] <= -size || run[0]+int64(len(run))-1 > size {
			return errors.New("histogram: a bucket is out of range")
		}
		for i, n := range run[1:] {
			if n < 0 || n > math.MaxInt64-int64(read.count) {
				return errors.New("histogram: a count is out of range")
			}
			if n > 0 {
				read.add(int(run[0])+i, uint64(n))
			}
		}
	}
	if read.count > 0 {
		read.sum, read.low, read.high = f.Sum, f.Min, f.Max
	}
	*d = read
	return nil
}
