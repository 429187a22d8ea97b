package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestABadRunIsStopped: a threshold on what is lost stops a run when the gateway delivers
// nothing any more, and not at its end.
func TestABadRunIsStopped(t *testing.T) {
	t.Parallel()
	const listeners, planned = 20, 1200
	g := serve(t)
	o := k6(t, "scripts/soak.js", g.env(env("LISTENERS", listeners), "HTTP_URL=http://"+g.address)...)
	require.Equal(t, thresholdsCrossed, o.exit)
	sent := o.count("ws_msgs_sent", "role=host") - 2 // nickname and room
	require.Less(t, sent, planned/2)
	require.Equal(t, planned-sent, o.count("pushgw_unsent"))
	require.Positive(t, o.count("msg_received_counter"))
	require.Positive(t, o.count("pushgw_lost", "cause=missing"))
	require.Positive(t, o.count("pushgw_indeterminate"), "what was under way when the run was stopped")
	require.Equal(t, listeners*sent, o.count("msg_received_counter")+o.count("pushgw_lost")+o.count("pushgw_indeterminate"))
	require.Len(t, containing(o.log, "they didn't come within settle of their broadcast"), 1)
}

// TestLossesHaveTheirTimes: what the gateway drops for a second is lost then, once settle is
// over, and not when the broadcasts end.
func TestLossesHaveTheirTimes(t *testing.T) {
	t.Parallel()
	const listeners = 20
	g := serve(t)
	o := k6(t, "scripts/soak.js", g.env(env("LISTENERS", listeners), "HTTP_URL=http://"+g.address, "FAULT_ENDS=yes")...)
	require.Zero(t, o.exit)
	account := o.said(t, 1)[0]
	require.EqualValues(t, o.count("pushgw_lost"), account.Get("lost").Int())
	require.Positive(t, o.count("pushgw_lost"))
	require.Equal(t, listeners*account.Get("sent").Int(), account.Get("expected").Int())
	require.Equal(t, account.Get("planned").Int(), account.Get("sent").Int())

	lost, received := o.times("pushgw_lost", "cause=missing"), o.times("msg_received_counter")
	require.Greater(t, len(lost), 2, "they are lost one broadcast after the other")
	first, last := lost[0], lost[len(lost)-1]
	before, after := 0, 0
	for _, at := range received {
		if at.Before(first.Add(-time.Second)) {
			before++
		} else if at.After(last) {
			after++
		}
	}
	require.Positive(t, before, "settle passes before anything is lost")
	require.Positive(t, after, "and much comes after it")
}
