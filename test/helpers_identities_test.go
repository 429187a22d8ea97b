package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// requireIdentities requires that all accounts of a run add up, those that its script
// logged and those in its samples. Whatever runs k6 for a test calls it.
func (o *outcome) requireIdentities(t *testing.T) {
	t.Helper()
	for _, object := range o.objects {
		requireObjectAddsUp(t, object)
	}
	o.requireSamplesAddUp(t)
}

// requireObjectAddsUp looks for results of broadcast() and listen() in what a script
// logged, at any depth.
func requireObjectAddsUp(t *testing.T, object gjson.Result) {
	t.Helper()
	if !object.IsObject() && !object.IsArray() {
		return
	}
	number := func(field string) int64 { return object.Get(field).Int() }
	if object.Get("planned").Exists() {
		require.Equal(t, number("planned"), number("sent")+number("unsent"), "planned = sent + unsent, of %s", object)
		require.Equal(t, number("expected"), number("received")+number("lost")+number("indeterminate"),
			"expected = received + lost + indeterminate, of %s", object)
	}
	if object.Get("opened").Exists() {
		require.Equal(t, number("opened"), number("ready")+number("failed")+number("unfinished"),
			"opened = ready + failed + unfinished, of %s", object)
	}
	object.ForEach(func(_, member gjson.Result) bool {
		requireObjectAddsUp(t, member)
		return true
	})
}

// requireSamplesAddUp: what was expected and isn't indeterminate is one value of
// pushgw_reach, and what is lost is a zero. Every session either became ready or failed,
// unless the test was interrupted meanwhile, and has ended.
func (o *outcome) requireSamplesAddUp(t *testing.T) {
	t.Helper()
	reached, lost := o.count("pushgw_reach"), o.count("pushgw_lost")
	require.Equal(t, o.observed("pushgw_reach"), reached+lost, "received + lost in pushgw_reach")
	require.Equal(t, lost, o.count("pushgw_lost", "cause=missing")+o.count("pushgw_lost", "cause=cut"), "lost, by cause")
	sessions := o.count("ws_sessions", "role=listener") + o.count("ws_sessions", "role=host")
	ready, failed := o.observed("pushgw_ready_time"), o.count("pushgw_connect_failed", "phase=handshake")
	require.LessOrEqual(t, ready+failed, sessions, "ready + failed in the handshake, of all sessions")
	if o.exit != scriptException && o.exit != scriptRejected { // else k6 may not have waited for them
		require.Equal(t, sessions, o.count("pushgw_closed"), "sessions that have ended")
	}
}
