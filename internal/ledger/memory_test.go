package ledger

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// What is kept doesn't grow with the number of deliveries, and a closed series
// leaves nothing.
func TestMemoryStaysFlat(t *testing.T) {
	const members, broadcasts, perMember = 2_000, 1_000, 200
	ledger := New()
	audience := ledger.Audience(room)
	before := heap()
	listening := listeners(audience, members)
	for range broadcasts {
		s := audience.OpenSeries(0, settle)
		one := s.Publish(time.Now())
		for _, m := range listening {
			ledger.Deliver(m, one, one.Sent)
		}
		r := s.Close()
		assert.EqualValues(t, members, r.Received)
	}
	grown := heap() - before
	t.Logf("%d bytes for each listener", grown/members)
	assert.Less(t, grown, int64(members*perMember))
	assert.Nil(t, audience.inFlight.table.Load())
	runtime.KeepAlive(listening)
}

// An idle audience is small, because there may be one for each listener.
func TestMemoryOfIdleAudiences(t *testing.T) {
	const audiences, perAudience = 100_000, 400
	names := make([]Name, audiences)
	for i := range names {
		names[i] = Name{Endpoint: "endpoint", Key: strconv.Itoa(i)}
	}
	ledger := New()
	before := heap()
	for _, name := range names {
		ledger.Audience(name)
	}
	grown := heap() - before
	t.Logf("%d bytes for each audience", grown/audiences)
	assert.Less(t, grown, int64(audiences*perAudience))
	runtime.KeepAlive(ledger)
}

// A delivery allocates nothing, whatever comes of it.
func TestDeliveriesAllocateNothing(t *testing.T) {
	ledger := New()
	audience := ledger.Audience(room)
	m := listeners(audience, 1)[0]
	const runs = 100
	series := audience.OpenSeries(runs, settle)
	intended := time.Now()
	s := series.Publish(intended)
	for range 3 * runs {
		series.Publish(intended)
	}
	forged := s
	forged.Sequence = 0
	for _, delivery := range []struct {
		name    string
		deliver func()
	}{
		{"first copy", func() { s.Sequence++; ledger.Deliver(m, s, s.Sent) }},
		{"duplicate", func() { ledger.Deliver(m, s, s.Sent) }},
		{"late", func() { s.Sequence++; ledger.Deliver(m, s, s.Sent.Add(time.Hour)) }},
		{"forged", func() { ledger.Deliver(m, forged, s.Sent) }},
	} {
		assert.Zero(t, testing.AllocsPerRun(runs, delivery.deliver), delivery.name)
	}
	result := series.Close()
	assert.Equal(t, [2]int64{runs + 1, runs + 1}, [2]int64{result.Received, result.Late})
}

// A broadcast in flight costs about as much as a listener.
func TestMemoryOfBroadcastsInFlight(t *testing.T) {
	const members, broadcasts, perBroadcast = 10, 10_000, 400
	ledger := New()
	audience := ledger.Audience(room)
	listening := listeners(audience, members)
	s := audience.OpenSeries(0, settle)
	before := heap()
	for range broadcasts {
		one := s.Publish(time.Now())
		for _, m := range listening {
			ledger.Deliver(m, one, one.Sent)
		}
	}
	grown := heap() - before
	t.Logf("%d bytes for each broadcast in flight", grown/broadcasts)
	assert.Less(t, grown, int64(broadcasts*perBroadcast))
	s.Close()
	assert.Nil(t, audience.inFlight.table.Load())
	runtime.KeepAlive(listening)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
