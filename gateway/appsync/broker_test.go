package appsync

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/realtime"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// Subscriptions come and go, and always exactly those that are there are matched.
func TestBrokerMatchesItsMembers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	var conns []*connection
	for number := range uint64(9) {
		conns = append(conns, &connection{Conn: &socket.Conn{Number: number}, gateway: f.gateway})
	}
	documents := []string{anyRoom, `{"query":"subscription { onCreateRoom { id } }"}`, `{"query":"subscription { onCreateRoom { title } }"}`}
	event := f.event("tea")
	there := map[*subscription]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	leave := func(s *subscription) {
		f.gateway.broker.leave(s)
		delete(there, s)
	}
	for range 2000 {
		if len(there) > 0 && random.IntN(2) == 0 {
			for s := range there {
				leave(s)
				break
			}
		} else {
			document := documents[random.IntN(len(documents))]
			g, wrong, err := f.gateway.group(document)
			require.NoError(t, err)
			require.Empty(t, wrong)
			s := newSubscription(conns[random.IntN(len(conns))], gjson.Parse(`"1"`))
			f.gateway.broker.join(s, g)
			require.Equal(t, document, s.group.document)
			there[s] = true
		}
		matched, audience := f.gateway.broker.match(event)
		require.Equal(t, len(there), audience)
		found := 0
		for g, members := range matched {
			for _, list := range members {
				for _, member := range list {
					s, ok := member.Out.(*subscription)
					require.True(t, ok)
					require.True(t, there[s])
					require.Same(t, g, s.group)
					found++
				}
			}
		}
		require.Equal(t, len(there), found)
	}
	for s := range there {
		leave(s)
	}
	require.Empty(t, f.gateway.broker.groups, "groups without members are not kept")
}

// Two subscriptions may both find that there is no group yet.
func TestTheFirstOfTwoNewGroupsIsUsed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	c := &connection{Conn: &socket.Conn{}, gateway: f.gateway}
	var subscriptions []*subscription
	var groups []*group
	for range 2 {
		g, _, err := f.gateway.group(anyRoom)
		require.NoError(t, err)
		groups = append(groups, g)
	}
	for _, g := range groups {
		s := newSubscription(c, gjson.Parse(`"1"`))
		f.gateway.broker.join(s, g)
		subscriptions = append(subscriptions, s)
	}
	require.Same(t, groups[0], subscriptions[1].group)
	_, audience := f.gateway.broker.match(f.event("tea"))
	require.Equal(t, 2, audience)
	known, _, err := f.gateway.group(anyRoom)
	require.NoError(t, err)
	require.Same(t, groups[0], known)
}

// A payload of exactly the limit is delivered, and one byte more is dropped.
func TestLimitOfPayloads(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Config{})
	conn := f.dial()
	f.subscribe(conn, "1", `{"query":"subscription { onCreateRoom { title } }"}`)
	const around = `{"data":{"onCreateRoom":{"title":""}}}`
	longest := strings.Repeat("x", 240*1024-len(around))
	f.publish(longest + "x")
	f.publish(longest)
	f.publish("last")
	require.Equal(t, longest, gjson.Get(receive(t, conn), "payload.data.onCreateRoom.title").Str)
	require.Equal(t, "last", gjson.Get(receive(t, conn), "payload.data.onCreateRoom.title").Str)
	require.Eventually(t, func() bool { return f.gateway.Tally.Report().Totals.Pending == 0 }, timeout, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: 3, Delivered: 2, Dropped: 1}, f.gateway.Tally.Report().Totals.Counts)
}

// What is on its way to a subscription that ends is gone, not failed.
func TestDeliveriesToALeaverAreGone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes two seconds")
	}
	f := newFixture(t, Config{})
	f.fault(`{"delay": "2s"}`)
	stops, closes, stays := f.dial(), f.dial(), f.dial()
	f.subscribe(stops, "1", anyRoom)
	f.subscribe(closes, "1", anyRoom)
	f.subscribe(stays, "1", anyRoom)
	f.publish("x")
	send(t, stops, `{"id":"1","type":"stop"}`)
	require.JSONEq(t, `{"id":"1","type":"complete"}`, receive(t, stops))
	require.NoError(t, closes.Close())
	require.Contains(t, receive(t, stays), `"data"`)
	require.Eventually(t, func() bool { return f.gateway.Tally.Report().Totals.Pending == 0 }, timeout, time.Millisecond)
	require.Equal(t, truth.Counts{Audience: 3, Delivered: 1, Gone: 2}, f.gateway.Tally.Report().Totals.Counts)
}

// Every subscriber gets what is published in the same order.
func TestOrderOfPublishing(t *testing.T) {
	t.Parallel()
	const connections, publishers, each = 8, 4, 50
	f := newFixture(t, Config{})
	got := make(chan []string, connections)
	for range connections {
		conn := f.dial()
		f.subscribe(conn, "1", anyRoom)
		go func() {
			var titles []string
			for range publishers * each {
				_, text, err := conn.ReadMessage()
				if err != nil {
					break
				}
				titles = append(titles, gjson.GetBytes(text, "payload.data.onCreateRoom.title").Str)
			}
			got <- titles
		}()
	}
	for p := range publishers {
		go func() {
			for i := range each {
				f.publish(fmt.Sprint(p, " ", i))
			}
		}()
	}
	first := <-got
	require.Len(t, first, publishers*each)
	for range connections - 1 {
		require.Equal(t, first, <-got)
	}
}

// What is published later doesn't overtake what waits for space in a queue, not
// even in the queues of other parts.
func TestPublishingWaitsInOrder(t *testing.T) {
	t.Parallel()
	const byTitle = `{"query":"subscription { onCreateRoom(title: \"%s\") { title } }"}`
	f := newFixture(t, Config{})
	f.subscribe(f.dial(), "1", fmt.Sprintf(byTitle, "a"))
	reader := f.dial()
	f.subscribe(reader, "1", fmt.Sprintf(byTitle, "a"))
	f.subscribe(reader, "2", fmt.Sprintf(byTitle, "b"))

	// The worker of the first connection's part is held up, and its queue is full.
	var alone realtime.Subscribers
	matched, _ := f.gateway.broker.match(f.event("a"))
	for _, to := range matched {
		alone[1] = to[1] // the part of the connection with number 1
	}
	require.Equal(t, 1, alone.Len())
	held := outlet{begun: make(chan struct{}), release: make(chan struct{})}
	alone[1][0].Out = held
	account := f.gateway.Tally.Open(nil, 1)
	f.gateway.broker.workers.Queue(account, nil, alone)
	<-held.begun
	for range realtime.MaxQueued {
		f.gateway.broker.workers.Queue(account, nil, alone)
	}

	done := make(chan struct{}, 2)
	go func() { f.publish("a"); done <- struct{}{} }()
	require.Eventually(t, func() bool { return f.gateway.Tally.Report().Totals.Audience == 3 }, timeout, time.Millisecond)
	go func() { f.publish("b"); done <- struct{}{} }()
	time.Sleep(50 * time.Millisecond) // in which the second must not be queued
	close(held.release)
	for _, title := range []string{"a", "b"} {
		require.Equal(t, title, gjson.Get(receive(t, reader), "payload.data.onCreateRoom.title").Str)
	}
	<-done
	<-done
}
