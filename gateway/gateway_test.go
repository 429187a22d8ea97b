package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestAChatBroadcastReachesTheRoom(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	host, guest, third := s.chat("host", "Room1"), s.chat("guest", "Room1"), s.chat("third", "Room1")
	other := s.chat("other", "Room2")
	text := stamped(1)
	host.send(text)
	for _, c := range []*client{host, guest, third} {
		require.Equal(t, "host: "+text, c.receive())
	}
	other.send("/room")
	require.Equal(t, "Room2", other.receive())

	side := s.eventually("counted", func(s gateway.Stats) bool {
		return s.APIGateway.Totals.Pending == 0 && s.APIGateway.FramesOut == 12
	}).APIGateway
	require.Equal(t, 4, side.Open)
	require.Equal(t, 4, side.Ready)
	require.EqualValues(t, 4, side.Accepted)
	require.EqualValues(t, 10, side.FramesIn)
	require.Len(t, side.Broadcasts, 1)
	require.Equal(t, "abcdef01", side.Broadcasts[0].Origin)
	require.EqualValues(t, 1, side.Broadcasts[0].Sequence)
	require.EqualValues(t, 3, side.Broadcasts[0].Audience)
	require.EqualValues(t, 3, side.Broadcasts[0].Delivered)
	require.EqualValues(t, 2, side.Broadcasts[0].Delay.Count, "without the sender's own copy")
	require.Equal(t, truth.Counts{Audience: 1, Delivered: 1}, side.Echoes)
	require.Equal(t, side.Broadcasts[0].Counts, side.Totals.Counts)
}

func TestAMutationReachesSubscribers(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	listeners := []*client{s.subscribed(onCreateRoom, nil), s.subscribed(onCreateRoom, nil)}
	title := "room-" + stamped(1)
	created := gjson.Get(s.mutate("{ id title }", title), "data.createRoom")
	for _, c := range listeners {
		require.JSONEq(t, `{"id":"1","type":"data","payload":{"data":{"onCreateRoom":`+
			`{"__typename":"Room","id":"`+created.Get("id").Str+`","title":"`+title+`"}}}}`, c.receive())
	}
	side := s.eventually("delivered", func(s gateway.Stats) bool { return s.AppSync.Totals.Pending == 0 }).AppSync
	require.Equal(t, 2, side.Ready)
	require.EqualValues(t, 2, side.Totals.Delivered)
	require.EqualValues(t, 1, side.Totals.Broadcasts)
}

// A client that doesn't read delays nobody. What it has no room for is dropped, and
// counted; in the end it is cut.
func TestAStuckPeerIsCut(t *testing.T) {
	t.Parallel()
	for kind, gather := range gatherers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, gateway.Config{WriteTimeout: 10 * time.Second})
			a := gather(s, 3)
			results := make(chan seen, 2)
			for _, c := range a.listeners[:2] { // the third reads no more
				go func() { results <- c.watch(endOfTest) }()
			}
			large := strings.Repeat("x", 100_000)
			published := 0 // ten that wait are too much, if they come before the client is cut
			for a.side(s.stats()).Overflowed == 0 {
				published++
				require.Less(t, published, 1000, "it must be full by now")
				a.publish(large + stamped(published))
			}
			s.eventually("cut", func(s gateway.Stats) bool { return a.side(s).Stuck == 1 })
			side := s.settleAt(a, int64(published))
			total := side.Totals
			require.Positive(t, total.Failed)
			require.Positive(t, total.Dropped)
			require.LessOrEqual(t, total.Dropped, side.Overflowed, "an error frame may have overflowed besides")
			require.Equal(t, total.Audience, total.Delivered+total.Dropped+total.Gone+total.Failed)
			a.publish(endOfTest)
			for range 2 {
				require.Equal(t, total.Broadcasts, (<-results).first)
			}
			require.Equal(t, 2, a.side(s.stats()).Open)
		})
	}
}

func TestPostTime(t *testing.T) {
	t.Parallel()
	const postTime = 10 * time.Millisecond
	s := start(t, gateway.Config{PostTime: postTime})
	a := s.chatAudience(5)
	begin := time.Now()
	a.publish(stamped(1))
	s.settleAt(a, 1)
	require.GreaterOrEqual(t, time.Since(begin), 5*postTime)
}

func TestDefaultKeyAndAnother(t *testing.T) {
	t.Parallel()
	for configured, key := range map[string]string{"": gateway.APIKey, "da2-another": "da2-another"} {
		s := start(t, gateway.Config{APIKey: configured})
		for given, status := range map[string]int{key: http.StatusOK, "da2-wrong": http.StatusUnauthorized} {
			got, _, _ := s.do(http.MethodPost, "/graphql", `{"query":"{ __typename }"}`, "x-api-key", given)
			require.Equal(t, status, got)
		}
	}
}
