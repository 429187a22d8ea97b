package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
	"github.com/stretchr/testify/require"
)

// seen is what one client, or all of them, saw.
type seen struct{ first, duplicated, reordered, errors int64 }

// watch counts what comes until a message contains the word. The client has no
// other reader. An error's seen is what came until the connection broke.
func (c *client) watch(word string) (s seen) {
	known, highest := map[uint32]bool{}, uint32(0)
	for {
		_, text, err := c.ReadMessage()
		if err != nil || strings.Contains(string(text), word) {
			return s
		}
		got, _, _, ok := stamp.Find(text)
		switch {
		case !ok:
			s.errors++
		case known[got.Sequence]:
			s.duplicated++
		default:
			s.first++
			if got.Sequence < highest {
				s.reordered++
			}
		}
		known[got.Sequence] = true
		highest = max(highest, got.Sequence)
	}
}

// audience is a set of listeners, who they are told by, and where it is counted.
type audience struct {
	listeners []*client
	publish   func(text string)
	side      func(gateway.Stats) gateway.Side
}

// gatherers gather an audience on either gateway.
var gatherers = map[string]func(s *server, listeners int) audience{ // a table
	"chat": (*server).chatAudience, "rooms": (*server).roomAudience,
}

const endOfTest = "that-was-all"

func (s *server) chatAudience(n int) audience {
	a := audience{side: func(s gateway.Stats) gateway.Side { return s.APIGateway }}
	for i := range n {
		a.listeners = append(a.listeners, s.chat(fmt.Sprint("listener-", i), "Room1"))
	}
	a.publish = a.listeners[0].say
	return a
}

func (s *server) roomAudience(n int) audience {
	a := audience{side: func(s gateway.Stats) gateway.Side { return s.AppSync }}
	for range n {
		a.listeners = append(a.listeners, s.subscribed(onCreateRoom, nil))
	}
	a.publish = func(text string) { s.mutate("{ id title }", text) }
	return a
}

// settle waits until every delivery has ended in some way.
func (s *server) settle(a audience) gateway.Side {
	s.Helper()
	return a.side(s.eventually("settled", func(s gateway.Stats) bool { return a.side(s).Totals.Pending == 0 }))
}

// run publishes so many broadcasts and returns what the listeners saw of them
// beside what the gateway says it did.
func (s *server) run(a audience, broadcasts int) (seen, gateway.Side) {
	s.Helper()
	results := make(chan seen, len(a.listeners))
	for _, c := range a.listeners {
		go func() { results <- c.watch(endOfTest) }()
	}
	for i := range broadcasts {
		a.publish("x-" + stamped(i+1))
	}
	// All must have been published, which for the chat is no more than sent.
	s.eventually("published", func(s gateway.Stats) bool { return a.side(s).Totals.Broadcasts == int64(broadcasts) })
	side := s.settle(a)

	// What was written before this arrives before it.
	status, _, _ := s.do(http.MethodDelete, "/faults", "")
	require.Equal(s, http.StatusNoContent, status)
	a.publish(endOfTest)
	var all seen
	for range a.listeners {
		one := <-results
		all.first += one.first
		all.duplicated += one.duplicated
		all.reordered += one.reordered
		all.errors += one.errors
	}
	return all, side
}

// The listeners' counts and the gateway's are equal, whatever goes wrong.
func TestGroundTruthIsExact(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]string{
		"nothing":         `{}`,
		"drop":            `{"drop": 0.1}`,
		"drop every":      `{"drop": "1/7"}`,
		"drop all":        `{"drop": 1}`,
		"duplicate":       `{"duplicate": 0.1}`,
		"duplicate every": `{"duplicate": "1/3"}`,
		"duplicate all":   `{"duplicate": 1}`,
		"reorder":         `{"reorder": 0.2}`,
		"reorder every":   `{"reorder": "1/5"}`,
		"reorder all":     `{"reorder": 1}`,
		"delay":           `{"delay": "5ms"}`,
		"spread":          `{"delay": "0s..30ms"}`,
		"errors":          `{"errors": 0.1}`,
		"deaf":            `{"deaf": "50ms"}`,
		"all but delay":   `{"drop": 0.1, "duplicate": 0.2, "reorder": 0.3, "errors": 0.1}`,
		"all":             `{"drop": 0.1, "duplicate": 0.2, "reorder": 0.3, "errors": 0.1, "delay": "0s..20ms", "deaf": "20ms"}`,
		"all, every n-th": `{"drop": "1/11", "duplicate": "1/7", "reorder": "1/5", "errors": "1/13", "delay": "1ms..9ms"}`,
	} {
		for kind, gather := range gatherers {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				const listeners, broadcasts = 20, 60
				s := start(t, gateway.Config{Fanout: 3})
				status, _, answer := s.do(http.MethodPost, "/faults", faults)
				require.Equal(t, http.StatusOK, status, answer)
				saw, side := s.run(gather(s, listeners), broadcasts)
				requireExact(t, saw, side, listeners*broadcasts)
			})
		}
	}
}

func requireExact(t *testing.T, saw seen, side gateway.Side, audience int64) {
	t.Helper()
	total := side.Totals
	require.Equal(t, audience, total.Audience)
	require.Equal(t, audience, total.Delivered+total.Dropped+total.Deaf)
	require.Zero(t, total.Unstamped+total.Gone+total.Failed)
	require.Equal(t, saw, seen{total.Delivered, total.Duplicated, total.Reordered, side.Errors})
	require.Equal(t, total.Dropped+total.Deaf, side.DroppedOpen, "every connection is still open")
	require.Equal(t, total.Counts, sum(side.Broadcasts))
	require.Equal(t, total.Delivered-side.Echoes.Delivered, side.Delay.Count)
}

func sum(broadcasts []truth.Entry) (all truth.Counts) {
	for _, b := range broadcasts {
		all.Audience += b.Audience
		all.Delivered += b.Delivered
		all.Dropped += b.Dropped
		all.Deaf += b.Deaf
		all.Duplicated += b.Duplicated
		all.Reordered += b.Reordered
		all.Gone += b.Gone
		all.Failed += b.Failed
	}
	return all
}

// Every n-th is every n-th, whoever's turn it is.
func TestEveryNthIsCountedExactly(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 10, 70
	s := start(t, gateway.Config{})
	s.do(http.MethodPost, "/faults", `{"drop": "1/7", "duplicate": "1/6"}`)
	_, side := s.run(s.chatAudience(listeners), broadcasts)
	require.EqualValues(t, listeners*broadcasts/7, side.Totals.Dropped)
	require.EqualValues(t, (listeners*broadcasts-listeners*broadcasts/7)/6, side.Totals.Duplicated)
}

// The same seed goes wrong in the same way, whatever the goroutines do.
func TestASeedDecides(t *testing.T) {
	t.Parallel()
	run := func(seed int) []truth.Counts {
		s := start(t, gateway.Config{Fanout: 4})
		s.do(http.MethodPost, "/faults", fmt.Sprintf(`{"seed": %d, "drop": 0.3, "duplicate": 0.3}`, seed))
		_, side := s.run(s.roomAudience(10), 20)
		counts := make([]truth.Counts, 0, len(side.Broadcasts))
		for _, b := range side.Broadcasts {
			counts = append(counts, b.Counts)
		}
		return counts
	}
	first := run(1)
	require.Equal(t, first, run(1))
	require.NotEqual(t, first, run(2))
}

// A connection that leaves takes its missed deliveries with it, and what is
// under way to it is gone.
func TestWhoLeavesIsAccountedFor(t *testing.T) {
	t.Parallel()
	for kind, gather := range gatherers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, gateway.Config{})
			a := gather(s, 5)
			s.do(http.MethodPost, "/faults", `{"drop": 1}`)
			a.publish(stamped(1))
			require.EqualValues(t, 5, s.settleAt(a, 1).DroppedOpen)

			s.do(http.MethodPost, "/faults", `{"drop": 0, "delay": "1h"}`)
			a.publish(stamped(2))
			s.eventually("published", func(s gateway.Stats) bool { return a.side(s).Totals.Pending == 5 })
			require.NoError(t, a.listeners[4].Close())
			side := a.side(s.eventually("gone", func(s gateway.Stats) bool { return a.side(s).Open == 4 }))
			require.EqualValues(t, 4, side.DroppedOpen)
			require.EqualValues(t, 5, side.Totals.Dropped)

			status, _, _ := s.do(http.MethodDelete, "/stats", "")
			require.Equal(t, http.StatusNoContent, status)
			side = a.side(s.stats())
			require.Zero(t, side.Totals, "deliveries under way stay with the account that is forgotten")
			require.Zero(t, side.DroppedOpen)
			require.Empty(t, side.Broadcasts)
			require.Equal(t, 4, side.Ready)
		})
	}
}

// settleAt waits until so many broadcasts were made and have ended.
func (s *server) settleAt(a audience, broadcasts int64) gateway.Side {
	s.Helper()
	return a.side(s.eventually("settled", func(s gateway.Stats) bool {
		t := a.side(s).Totals
		return t.Broadcasts == broadcasts && t.Pending == 0
	}))
}
