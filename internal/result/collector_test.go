package result

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheCollectorAddsUp(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	now := time.Now()
	refused := Failure{Phase: "upgrade", Status: "429"}
	for range 2 {
		c.Add(&Batch{
			Gateway: "apigw", Opened: 3, ReadyTimes: []time.Duration{time.Millisecond, time.Second}, Deaf: 1,
			Failures: map[Failure]int64{refused: 4},
			Closings: map[Closing]int64{{By: "gateway", Code: "1001"}: 5, {By: "client", Code: "1000"}: 6},
			Errors:   map[string]int64{"LateDelivery": 7},
		}, now)
	}
	c.UseGateway(Gateway{"apigw", "ws://127.0.0.1/dev"})
	c.UseGateway(Gateway{"apigw", "ws://127.0.0.1/dev"})
	c.SeriesBegun(OriginOf("apigw", 0xab), 10)
	c.SeriesEnded(OriginOf("apigw", 0xab), 0, 1)
	c.SeriesBegun(OriginOf("apigw", 0xab), 0)
	c.SeriesEnded(OriginOf("apigw", 0xab), 10, 2)
	c.SeriesBegun(OriginOf("apigw", 0xab), 7)
	c.PlanHeard(OriginOf("apigw", 0xac), 4)
	c.PlanHeard(OriginOf("apigw", 0xac), 3)
	c.BarrierFailed("ready(): too few")
	c.BroadcastSettled(OriginOf("apigw", 0xab), true, settled(1))
	c.MeetLimit("open files")
	c.MeetLimit("open files")
	c.StoodStill(time.Second, now)
	c.StoodStill(time.Second, now)

	f := c.Snapshot()
	require.EqualValues(t, 6, f.Opened)
	require.EqualValues(t, 4, f.Ready)
	require.EqualValues(t, 4, f.ReadyTime.Count())
	require.EqualValues(t, 2, f.Deaf)
	require.Equal(t, []Failure{{"upgrade", "429", 8}}, f.Failures)
	require.Equal(t, []Closing{{"client", "1000", 12}, {"gateway", "1001", 10}}, f.Closings)
	require.Equal(t, map[string]int64{"LateDelivery": 14}, f.Errors)
	require.Len(t, f.Setup.Gateways, 1)
	require.Equal(t, []string{"open files"}, f.Limits)
	require.Len(t, f.Accounts, 2)
	require.Equal(t, Origin{"apigw", "000000ab"}, f.Accounts[0].Origin)
	require.EqualValues(t, 27, f.Accounts[0].Planned)
	require.EqualValues(t, 3, f.Accounts[0].Unsent)
	require.EqualValues(t, 1, f.Accounts[0].Running)
	require.EqualValues(t, 4, f.Accounts[1].Planned)
	require.False(t, f.Accounts[1].Local)
	require.Equal(t, []string{"ready(): too few"}, f.Barriers)
	require.Equal(t, []Broadcast{settled(1)}, f.Accounts[0].Broadcasts)
	var interval Interval
	for _, i := range f.Intervals.List {
		interval.append(i)
	}
	require.Equal(t, Interval{Opened: 6, Failed: 8, Closed: 10, Errors: 14, StoodStill: 2_000_000}, interval)
}

// A snapshot doesn't change when more comes.
func TestASnapshotIsACopy(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	add := func() {
		c.Add(&Batch{
			Gateway: "apigw", Deliveries: []Delivery{{Origin: 1, Delay: time.Millisecond}},
			ReadyTimes: []time.Duration{time.Millisecond}, Errors: map[string]int64{"x": 1},
		}, time.UnixMilli(5))
		c.BroadcastSettled(OriginOf("apigw", 1), false, settled(2))
	}
	add()
	f, again := c.Snapshot(), c.Snapshot()
	add()
	require.Equal(t, again, f)
	require.NotEqual(t, c.Snapshot(), f)
}

func TestDeliveriesAreKeptByOrigin(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	c.Add(&Batch{Gateway: "appsync", Deliveries: []Delivery{
		{Origin: 1, Local: true, Delay: 7 * time.Millisecond},
		{Origin: 1, Local: true, Delay: 8 * time.Millisecond, Reordered: true, Late: true},
		{Origin: 1, Local: true, Delay: 9 * time.Millisecond, Duplicate: true},
		{Origin: 2, Delay: -time.Hour},
		{Origin: 2, Delay: -time.Hour + 3*time.Millisecond},
		{Origin: 0, Delay: time.Millisecond},
	}}, time.Now())
	f := c.Snapshot()
	require.Len(t, f.Accounts, 3)
	others, local, remote := f.Accounts[0], f.Accounts[1], f.Accounts[2]
	require.Empty(t, others.ID)
	require.Equal(t, Heard{First: 2, Late: 1, Reordered: 1, Duplicated: 1}, local.Heard)
	require.True(t, local.Local)
	require.Equal(t, 8*time.Millisecond, local.Delay.Max())
	require.Equal(t, -time.Hour.Microseconds(), remote.Base, "so that a bucket is not half a minute wide")
	require.Equal(t, 3*time.Millisecond, remote.Delay.Max())
	require.False(t, remote.Local)
}

// Stamps of ever new origins, which anybody can send, don't use up the memory; this
// process's own are kept however many they are.
func TestOriginsAreBounded(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	b := &Batch{Gateway: "apigw"}
	for id := uint32(1); id <= mostOrigins+10; id++ {
		b.Deliveries = append(b.Deliveries, Delivery{Origin: id})
	}
	c.Add(b, time.Now())
	c.BroadcastSettled(OriginOf("apigw", 0xffff), false, settled(1))
	c.BroadcastSettled(OriginOf("apigw", 0xfffe), true, settled(1))
	f := c.Snapshot()
	require.Len(t, f.Accounts, mostOrigins+1)
	require.EqualValues(t, 10, f.NotRecorded)
}

// Limits are described by the system's errors, a few at most.
func TestLimitsAreBounded(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	for i := range 100 {
		c.MeetLimit(string(rune('a' + i)))
	}
	require.Len(t, c.Snapshot().Limits, 8)
}

// A scenario can call ready() again and again.
func TestBarriersAreBounded(t *testing.T) {
	t.Parallel()
	c := NewCollector()
	for range 100 {
		c.BarrierFailed(strings.Repeat("x", 1000))
	}
	require.Len(t, c.Snapshot().Barriers, 8)
	require.Len(t, c.Snapshot().Barriers[0], 500)
}

// What the recorders of ten thousand listeners report in a tenth of a second.
func BenchmarkAdd(b *testing.B) {
	c := NewCollector()
	batch := &Batch{Gateway: "apigw", Deliveries: make([]Delivery, 10_000)}
	for i := range batch.Deliveries {
		batch.Deliveries[i] = Delivery{Origin: 1, Local: true, Delay: time.Duration(i) * time.Microsecond}
	}
	for b.Loop() {
		c.Add(batch, time.UnixMilli(0))
	}
}
