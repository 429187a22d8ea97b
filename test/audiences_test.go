package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// TestRoomForEachConnection: each room is an audience of its own, over all VUs, and a barrier
// counts the listeners of all of them or of one.
func TestRoomForEachConnection(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/rooms.js", serve(t).env()...)
	o.requireClean(t)
	said := o.said(t, 6)
	for room := range 3 {
		require.EqualValues(t, 6, said[2*room].Get("ready").Int())
		requireAccount(t, said[2*room+1], 6, room+1)
	}
	o.requireCounts(t, map[string]int{
		"msg_received_counter": 6 * (1 + 2 + 3), "joined_success_counter role=listener": 18, "pushgw_deaf": 0, "pushgw_errors error=StrayDelivery": 0,
	})
}

// TestSeveralSubscriptions: a connection with two subscriptions is one listener, and due what
// is sent to either's audience.
func TestSeveralSubscriptions(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/subscriptions.js", serve(t).env("API_KEY="+gateway.APIKey)...)
	o.requireClean(t)
	said := o.said(t, 3)
	requireAccount(t, said[0], 4, 3)
	requireAccount(t, said[1], 4, 3)
	requireAccount(t, said[2], 8, 3)
	o.requireCounts(t, map[string]int{
		"msg_received_counter": 3 * (4 + 4 + 8), "subscribed_success_counter": 16, "ws_sessions": 8, "pushgw_deaf": 0, "pushgw_errors": 0,
	})
}
