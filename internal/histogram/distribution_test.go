package histogram

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Eight processes' distributions, each read back from its file, sum up to the one that
// counts all deliveries, bucket for bucket.
func TestEightMergedAreOne(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	var merged, one Distribution
	histogram := New()
	for range 8 {
		var part Distribution
		for range 5000 {
			d := time.Duration(random.ExpFloat64() * float64(40*time.Millisecond))
			part.Add(d)
			one.Add(d)
			histogram.Add(d)
		}
		merged.Merge(written(t, &part))
	}
	require.Equal(t, bucketsOf(&one), bucketsOf(&merged))
	require.EqualValues(t, 40_000, merged.Count())
	s := histogram.Summary()
	require.Equal(t, Summary{
		Count: merged.Count(), Mean: merged.Mean(), Min: merged.Min(), Max: merged.Max(),
		P50: merged.Quantile(0.5), P90: merged.Quantile(0.9), P95: merged.Quantile(0.95), P99: merged.Quantile(0.99),
	}, s)
}

// written returns what is read from the JSON form of d.
func written(t *testing.T, d *Distribution) *Distribution {
	t.Helper()
	text, err := json.Marshal(d)
	require.NoError(t, err)
	read := &Distribution{}
	require.NoError(t, json.Unmarshal(text, read))
	return read
}

func bucketsOf(d *Distribution) map[time.Duration]int64 {
	found := make(map[time.Duration]int64)
	for middle, n := range d.Buckets {
		found[middle] = n
	}
	return found
}

func TestAnEmptyDistribution(t *testing.T) {
	t.Parallel()
	var d Distribution
	d.Merge(nil)
	d.Merge(&Distribution{})
	for _, empty := range []*Distribution{&d, written(t, &d), d.Clone()} {
		require.Zero(t, empty.Count())
		require.Zero(t, empty.Quantile(0.99))
		require.Zero(t, empty.Mean())
		require.Zero(t, empty.Max())
	}
	require.Zero(t, (*Distribution)(nil).Count())
	require.Nil(t, (*Distribution)(nil).Clone())
}

// Delays that one clock made negative come out right when it is corrected.
func TestShiftingUndoesASkew(t *testing.T) {
	t.Parallel()
	const skew = 3 * time.Second
	random := rand.New(rand.NewPCG(3, 3))
	var right, wrong Distribution
	for range 10_000 {
		d := time.Duration(random.ExpFloat64() * float64(30*time.Millisecond)).Truncate(time.Microsecond)
		right.Add(d)
		wrong.Add(d - skew)
	}
	require.Negative(t, wrong.Quantile(0.99))
	for _, corrected := range []*Distribution{wrong.Shifted(skew), written(t, &wrong).Shifted(skew)} {
		require.Equal(t, right.Min(), corrected.Min())
		require.Equal(t, right.Max(), corrected.Max())
		require.InDelta(t, float64(right.Mean()), float64(corrected.Mean()), float64(time.Microsecond))
		// A bucket at three seconds is 32 ms wide, and that is how well the delays are known.
		require.InDelta(t, float64(right.Quantile(0.99)), float64(corrected.Quantile(0.99)), float64(32*time.Millisecond))
		require.Equal(t, right.Count(), corrected.Count())
	}
}

func TestDurationsMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	var up, down Distribution
	all := []time.Duration{-2 * time.Hour, -time.Hour, -time.Second, -time.Microsecond, 0, time.Microsecond, time.Second, time.Hour, 2 * time.Hour}
	for i := range all {
		up.Add(all[i])
		down.Add(all[len(all)-1-i])
	}
	require.Equal(t, bucketsOf(&up), bucketsOf(&down))
	require.Equal(t, bucketsOf(&up), bucketsOf(written(t, &up)))
	require.Equal(t, -2*time.Hour, up.Min())
	require.Equal(t, 2*time.Hour, up.Max())
	require.Zero(t, up.Quantile(0.5))
}

// Empty buckets take no space: an outlier doesn't make the JSON form long.
func TestTheJSONFormIsSparse(t *testing.T) {
	t.Parallel()
	var d Distribution
	for _, v := range []time.Duration{5, 5, 6, 3_600_000_000} {
		d.Add(v * time.Microsecond)
	}
	text, err := json.Marshal(&d)
	require.NoError(t, err)
	require.JSONEq(t, `{"v":1,"sum":3600000016,"min":5,"max":3600000000,"runs":[[5,2,1],[1707,1]]}`, string(text))
}

func TestADamagedJSONFormIsRefused(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		`{"v":2}`:                                    "version 2 is unknown",
		`{"v":1,"runs":[[5]]}`:                       "out of range",
		`{"v":1,"runs":[[1728,1]]}`:                  "out of range",
		`{"v":1,"runs":[[-1728,1]]}`:                 "out of range",
		`{"v":1,"runs":[[1727,1,1]]}`:                "out of range",
		`{"v":1,"runs":[[5,-1]]}`:                    "a count is out of range",
		`{"v":1,"runs":[[5,9223372036854775807,1]]}`: "a count is out of range",
		`{"v":1,"runs":7}`:                           "cannot unmarshal",
	} {
		require.ErrorContains(t, json.Unmarshal([]byte(text), &Distribution{}), why, text)
	}
}

func TestHGRM(t *testing.T) {
	t.Parallel()
	var d Distribution
	for i := range 4 {
		d.Add(time.Duration(i+1) * 10 * time.Microsecond)
	}
	var text strings.Builder
	require.NoError(t, d.WriteHGRM(&text))
	require.Equal(t, `       Value     Percentile TotalCount 1/(1-Percentile)

       0.010 0.250000000000          1           1.33
       0.020 0.500000000000          2           2.00
       0.030 0.750000000000          3           4.00
       0.040 1.000000000000          4
#[Mean    =        0.025]
#[Max     =        0.040, Total count    =            4]
`, text.String())
}

func BenchmarkDistributionAdd(b *testing.B) {
	var d Distribution
	for b.Loop() {
		d.Add(1234567)
	}
}
