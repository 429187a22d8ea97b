package gateway_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/truth"
	"github.com/stretchr/testify/require"
)

// The listeners' counts and the gateway's are equal under every fault.
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

// Every n-th is counted over all listeners and broadcasts.
func TestEveryNthIsCountedExactly(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 10, 70
	s := start(t, gateway.Config{})
	s.do(http.MethodPost, "/faults", `{"drop": "1/7", "duplicate": "1/6"}`)
	_, side := s.run(s.chatAudience(listeners), broadcasts)
	require.EqualValues(t, listeners*broadcasts/7, side.Totals.Dropped)
	require.EqualValues(t, (listeners*broadcasts-listeners*broadcasts/7)/6, side.Totals.Duplicated)
}

// With the same seed the same deliveries go wrong, in whatever order goroutines
// run.
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

// Deliveries withheld from a connection no longer count when it has been closed,
// and those that have not been written to it are gone.
func TestLeaversAreAccountedFor(t *testing.T) {
	t.Parallel()
	for kind, gather := range gatherers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, gateway.Config{})
			a := gather(s, 5)
			s.do(http.MethodPost, "/faults", `{"drop": 1}`)
			a.publish(stamped(1))
			s.eventually("dropped", func(s gateway.Stats) bool { return a.side(s).DroppedOpen == 5 })

			s.do(http.MethodPost, "/faults", `{"drop": 0, "delay": "1h"}`)
			a.publish(stamped(2))
			s.eventually("published", func(s gateway.Stats) bool { return a.side(s).Totals.Pending == 5 })
			require.NoError(t, a.listeners[4].Close())
			side := a.side(s.eventually("gone", func(s gateway.Stats) bool { return a.side(s).Open == 4 && a.side(s).Ready == 4 }))
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

// Each count of a side, by what happened; and none is left after a reset.
func TestCountsOfEachSide(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	for name, side := range map[string]func(gateway.Stats) gateway.Side{
		"chat":   func(s gateway.Stats) gateway.Side { return s.APIGateway },
		"rooms":  func(s gateway.Stats) gateway.Side { return s.AppSync },
		"events": func(s gateway.Stats) gateway.Side { return s.Events },
	} {
		path, protocols := "/dev", []string(nil)
		switch name {
		case "rooms":
			path, protocols = "/graphql", []string{"graphql-ws"}
		case "events":
			path, protocols = "/event/realtime", []string{"aws-appsync-event-ws"}
		}
		s.fault(`{"refuse": "403:1"}`)
		for range 3 {
			require.Equal(t, http.StatusForbidden, s.upgrade(path, protocols...))
		}
		s.fault(`{"refuse": 0}`)
		a := gatherers[name](s, 2)
		s.fault(`{"errors": 1, "duplicate": 1, "drop": 0}`)
		a.publish(stamped(1))
		s.settleAt(a, 1)
		s.fault(`{"errors": 0, "duplicate": 0, "drop": 1}`)
		a.publish("no stamp")
		got := side(s.eventually("dropped", func(s gateway.Stats) bool { return side(s).Totals.Dropped == 2 }))

		require.Equal(t, gateway.Side{
			Open: 2, Ready: 2, Accepted: 2, Refused: 3,
			FramesIn: got.FramesIn, FramesOut: got.FramesOut, Errors: 2, DroppedOpen: 2, Report: got.Report,
		}, got)
		frames := map[string][2]int64{"chat": {2*2 + 2, 2*2 + 2 + 2*2}, "rooms": {2 * 2, 2*3 + 2 + 2*2}, "events": {2 * 2, 2*2 + 2 + 2*2}}[name]
		require.Equal(t, frames, [2]int64{got.FramesIn, got.FramesOut}, name)
		require.Equal(t, truth.Totals{
			Broadcasts: 1, Unstamped: 1, Counts: truth.Counts{Audience: 4, Delivered: 2, Duplicated: 2, Dropped: 2},
		}, got.Totals)
	}
	status, _, body := s.do(http.MethodDelete, "/stats", "")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, body)
	stats := s.stats()
	empty := gateway.Side{Open: 2, Ready: 2, Report: truth.New().Report()}
	require.Equal(t, gateway.Stats{APIGateway: empty, AppSync: empty, Events: empty}, stats)
}

// Only a connection in a room or with a subscription is ready.
func TestReadyIsNotOpen(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	s.dial("/dev", nil)
	s.chat("outside", "")
	s.chat("inside", "Room1")
	s.realtime()
	s.subscribed(onCreateRoom, nil)
	stats := s.eventually("open", func(s gateway.Stats) bool { return s.APIGateway.Open == 3 && s.AppSync.Open == 2 })
	require.Equal(t, 1, stats.APIGateway.Ready)
	require.Equal(t, 1, stats.AppSync.Ready)
}
