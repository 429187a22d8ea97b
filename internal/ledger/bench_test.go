package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// BenchmarkDeliver enters one broadcast after another for 20,000 listeners, on
// as many goroutines as there are processors.
func BenchmarkDeliver(b *testing.B) {
	const members, broadcasts = 20_000, 100
	ledger := New()
	audience := ledger.Audience(room)
	listening := listeners(audience, members)
	series := audience.OpenSeries(0, settle)
	intended := time.Now()
	for range broadcasts - 1 {
		series.Publish(intended)
	}
	s := series.Publish(intended)
	first := s.Sequence - broadcasts + 1
	var next atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := next.Add(1) - 1
			s := s
			s.Sequence = first + uint32(i/members%broadcasts)
			ledger.Deliver(listening[i%members], s, s.Sent.Add(time.Millisecond))
		}
	})
}

// BenchmarkDeliverRemote is BenchmarkDeliver of another process's broadcasts.
func BenchmarkDeliverRemote(b *testing.B) {
	const members, broadcasts = 20_000, 100
	ledger := New()
	listening := listeners(ledger.Audience(room), members)
	sent := time.Now().Add(time.Minute) // long after they were ready
	var next atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := next.Add(1) - 1
			s := stamp.Stamp{Origin: 1, Sequence: 1 + uint32(i/members%broadcasts), End: broadcasts, Sent: sent}
			ledger.Deliver(listening[i%members], s, s.Sent.Add(time.Millisecond))
		}
	})
}

// BenchmarkLeave is a listener that leaves while a thousand broadcasts are in
// flight.
func BenchmarkLeave(b *testing.B) {
	roster, audience := new(Roster), New().Audience(room)
	listeners(audience, 1) // to which they are due
	series := audience.OpenSeries(0, time.Hour)
	for range 1000 {
		series.Publish(time.Now())
	}
	b.ReportAllocs()
	for range b.N {
		m := enterAs(roster, audience)
		m.Ready(nil)
		m.Leave(Local)
	}
}
