package ledger

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// network brings every broadcast to every member through a queue of its own.
type network struct {
	mu      sync.Mutex
	queues  map[*Member]chan stamp.Stamp
	pending sync.WaitGroup
}

func (n *network) send(s stamp.Stamp) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, queue := range n.queues {
		n.pending.Add(1)
		queue <- s
	}
}

func (n *network) plug(m *Member, size int) <-chan stamp.Stamp {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queues[m] = make(chan stamp.Stamp, size)
	return n.queues[m]
}

func (n *network) unplug(m *Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range len(n.queues[m]) {
		n.pending.Done()
	}
	delete(n.queues, m)
}

func (n *network) down() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, queue := range n.queues {
		close(queue)
	}
}

// Listeners come and go, each on a goroutine of its own, while several series are sent.
// What the listeners did must be what the series come to.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const stay, visit, publishing, broadcasts = 50, 100, 4, 50
	ledger := New()
	roster, audience := ledger.Roster("room"), ledger.Audience(room)
	net := &network{queues: make(map[*Member]chan stamp.Stamp)}
	var received, duplicated, reordered, dropped atomic.Int64

	listen := func(random *rand.Rand, m *Member, from <-chan stamp.Stamp, most int) {
		for s := range from {
			copies := []int{1, 1, 1, 1, 1, 1, 1, 1, 0, 2}[random.IntN(10)]
			if copies == 0 {
				dropped.Add(1)
			}
			for range copies {
				switch o := ledger.Deliver(m, s, time.Now()).Outcome; o {
				case Outcome{}:
					received.Add(1)
				case Outcome{Reordered: true}: // two accounts overtook each other on the way to the network
					received.Add(1)
					reordered.Add(1)
				case Outcome{Duplicate: true}:
					duplicated.Add(1)
				default:
					assert.Fail(t, "unexpected", o)
				}
			}
			net.pending.Done()
			if most--; most == 0 {
				break
			}
		}
		net.unplug(m)
		m.listener.Leave(Local)
	}

	var residents, visitors, arriving, publishers sync.WaitGroup
	for i := range stay {
		m := enterAs(roster, audience).Member(0)
		queue := net.plug(m, publishing*broadcasts)
		m.listener.Ready(nil)
		residents.Go(func() { listen(rand.New(rand.NewPCG(2, uint64(i))), m, queue, 0) })
	}
	opened := make([]*Series, publishing)
	for i := range opened {
		opened[i] = audience.OpenSeries(0, time.Minute)
		publishers.Go(func() {
			for range broadcasts {
				net.send(opened[i].Publish(time.Now()))
				time.Sleep(time.Millisecond)
			}
		})
	}
	arriving.Add(visit)
	for i := range visit {
		visitors.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(i)))
			time.Sleep(time.Duration(random.IntN(broadcasts)) * time.Millisecond)
			m := enterAs(roster, audience).Member(0)
			queue := net.plug(m, publishing*broadcasts)
			m.listener.Ready(nil)
			arriving.Done()
			listen(random, m, queue, 1+random.IntN(broadcasts))
		})
	}
	publishers.Wait()
	net.pending.Wait()
	var got counts
	for _, s := range opened {
		r := s.Close()
		require.Equal(t, r.Expected, r.Received+r.Lost+r.Indeterminate)
		require.GreaterOrEqual(t, r.Lost, int64(0))
		require.LessOrEqual(t, r.Slowest.First, r.Slowest.Last)
		require.Less(t, r.Slowest.Last, time.Minute)
		got.sent += r.Sent
		got.received += r.Received
		got.indeterminate += r.Indeterminate
		got.lost += r.Lost
		got.duplicated += r.Duplicated
		got.reordered += r.Reordered
	}
	arriving.Wait()
	net.down()
	visitors.Wait()
	residents.Wait()

	assert.Equal(t, publishing*broadcasts, got.sent)
	assert.Equal(t, duplicated.Load(), got.duplicated)
	assert.Equal(t, reordered.Load(), got.reordered)
	assert.LessOrEqual(t, got.received, received.Load(), "the rest had joined meanwhile")
	assert.LessOrEqual(t, received.Load(), got.received+got.indeterminate)
	assert.LessOrEqual(t, got.lost, dropped.Load(), "what a leaving listener had yet to read isn't lost")
	count, _ := roster.Watch()
	assert.Equal(t, Count{Left: stay + visit}, count)
}

// A series that is closed while deliveries come in still adds up.
func TestClosingInTheMiddle(t *testing.T) {
	t.Parallel()
	for range 200 {
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 8)
		s := audience.OpenSeries(0, settle)
		one := s.Publish(time.Now())
		var late atomic.Int64
		var delivering sync.WaitGroup
		for _, m := range members {
			delivering.Go(func() {
				if ledger.Deliver(m, one, one.Sent.Add(time.Millisecond)).Late {
					late.Add(1)
				}
			})
		}
		r := s.Close()
		delivering.Wait()
		require.EqualValues(t, 8, r.Expected)
		require.Equal(t, late.Load(), r.Lost, "each is either received or late")
		require.Equal(t, r.Expected-late.Load(), r.Received)
		if r.Received > 0 {
			require.Equal(t, Fanout{First: time.Millisecond, Last: time.Millisecond}, r.Slowest)
		}
	}
}

// A broadcast that is read while it is retracted was sent, whichever comes first.
func TestRetractingInTheMiddle(t *testing.T) {
	t.Parallel()
	for range 200 {
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 9)
		s := audience.OpenSeries(0, settle)
		one := s.Publish(time.Now())
		var delivering sync.WaitGroup
		for _, m := range members[1:] {
			delivering.Go(func() { ledger.Deliver(m, one, time.Now()) })
		}
		delivering.Go(func() { members[0].listener.Leave(Local) })
		s.Retract(one)
		delivering.Wait()
		require.True(t, s.complete())
		require.Zero(t, s.retracted)
		r := s.Close()
		require.Equal(t, counts{sent: 1, expected: 9, received: 8, indeterminate: 1}, countsOf(&r))
	}
}

// A retracted broadcast that is read while its series is closed was sent or is late.
func TestClosingWhatWasRetracted(t *testing.T) {
	t.Parallel()
	for range 200 {
		ledger := New()
		audience := ledger.Audience(room)
		members := listeners(audience, 2)
		s := audience.OpenSeries(1, settle)
		one := s.Publish(time.Now())
		s.Retract(one)
		members[1].listener.Leave(Cut)
		late := make(chan bool, 1)
		go func() { late <- ledger.Deliver(members[0], one, time.Now()).Late }()
		r := s.Close()
		want := counts{sent: 1, expected: 2, received: 1, lost: 1, cut: 1}
		if <-late {
			want = counts{unsent: 1}
		}
		require.Equal(t, want, countsOf(&r))
	}
}

// While a broadcast settles, its deliveries arrive in time and late, and listeners leave and
// are cut off. Each delivery is one thing, and the result says the same of all.
func TestSettlingInTheMiddle(t *testing.T) {
	t.Parallel()
	const each = 8
	for range 200 {
		ledger := New()
		audience := ledger.Audience(room)
		reading, leaving, dropped := listeners(audience, 3*each), listeners(audience, each), listeners(audience, each)
		s := audience.OpenSeries(1, settle)
		one := s.Publish(time.Now())
		published := audience.inFlight.find(one.Sequence).published
		var received, late atomic.Int64
		var running sync.WaitGroup
		for i, m := range reading {
			running.Go(func() {
				arrived := published.Add(time.Duration(i) * settle / (2 * each))
				if ledger.Deliver(m, one, arrived).Late {
					late.Add(1)
				} else {
					received.Add(1)
				}
			})
		}
		for i := range each {
			running.Go(func() { leaving[i].listener.Leave(Local) })
			running.Go(func() { dropped[i].listener.Leave(Cut) })
		}
		running.Go(func() { s.complete() })
		running.Wait()
		r := s.Close()
		assertIdentities(t, &r)
		assertTold(t, &r, counts{})
		require.EqualValues(t, 5*each, r.Expected)
		require.Equal(t, received.Load(), r.Received)
		require.GreaterOrEqual(t, r.Received, int64(2*each+1), "what arrived within settle is in time")
		require.Equal(t, late.Load(), r.Late)
		require.Equal(t, r.Late+2*each, r.Lost+r.Indeterminate)
	}
}

// What Close overtakes while it is being delivered is late.
func TestADeliveryThatCloseOvertakes(t *testing.T) {
	t.Parallel()
	audience := New().Audience(room)
	members := listeners(audience, 1)
	s := audience.OpenSeries(1, settle)
	one := s.Publish(time.Now())
	members = append(members, listeners(audience, 1)...) // to which it isn't due
	b := audience.inFlight.find(one.Sequence)
	r := s.Close()
	assert.Equal(t, counts{sent: 1, expected: 1, lost: 1}, countsOf(&r))
	for _, m := range members {
		var d Delivery
		b.deliver(m, &d, time.Now())
		assert.Equal(t, late, d.Outcome)
	}
}

// What Close overtakes after it was counted, and before its broadcast is restored, is counted.
func TestARestorationThatCloseOvertakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		read func(b *broadcast)
		want counts
	}{
		"received": {func(b *broadcast) { b.received.add() }, counts{sent: 1, expected: 2, received: 1, lost: 1, cut: 1}},
		"joined":   {func(b *broadcast) { b.joined.add() }, counts{sent: 1, expected: 3, lost: 2, indeterminate: 1, cut: 1}},
		"late":     {func(b *broadcast) { b.deliverLate(new(Delivery)) }, counts{sent: 1, expected: 2, lost: 2, cut: 1, late: 1}},
	} {
		audience := New().Audience(room)
		members := listeners(audience, 2)
		s := audience.OpenSeries(1, settle)
		one := s.Publish(time.Now())
		b := audience.inFlight.find(one.Sequence)
		s.Retract(one)
		members[1].listener.Leave(Cut)
		test.read(b)
		r := s.Close()
		s.restore(b)
		assert.Equal(t, test.want, countsOf(&r), name)
	}
}
