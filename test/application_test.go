package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// TestAnotherApplication: one that talks JSON has its own handshake, by which connections
// know their ids, and a backend posts to them, asks about them and closes them.
func TestAnotherApplication(t *testing.T) {
	t.Parallel()
	o := k6(t, "scripts/application.js", env("URL", serveApplication(t)))
	require.Zero(t, o.exit)
	o.requireCounts(t, map[string]int{
		"identified": 4, "subscribed": 4, "nickname_counter": 0, "pushgw_connect_failed": 0,
		"http_reqs": 4, "http_reqs status=200": 2, "http_reqs status=204": 1, "http_reqs status=410": 1,
		"pushgw_errors": 1, "pushgw_errors error=Gone": 1, "pushgw_closed code=1000 by=gateway": 1,
	})
	said := o.said(t, 2)
	backend := said[0]
	if !backend.Get("connectionId").Exists() { // whichever ended first
		backend = said[1]
	}
	require.Regexp(t, `^L0SM9cOFvHc000[1-4]=$`, backend.Get("connectionId").Str)
	require.Equal(t, `{"event":"order","id":7}`, backend.Get("data").Str)
	require.JSONEq(t, `{"connectedAt":"2025-02-03T01:46:33.523Z","lastActiveAt":"2025-02-03T01:46:34.000Z",`+
		`"identity":{"sourceIp":"127.0.0.1","userAgent":""}}`, backend.Get("info").Raw)
	require.EqualValues(t, 1000, backend.Get("code").Int())
	require.JSONEq(t, `{"name":"GatewayError","code":410,"message":"Gone: status 410 Gone"}`, backend.Get("gone").Raw)
	requireInNoTag(t, o, "L0SM9c")
}

// requireInNoTag: what differs from connection to connection is in no tag's value.
func requireInNoTag(t *testing.T, o *outcome, text string) {
	t.Helper()
	for _, sample := range o.samples {
		sample.Get("data.tags").ForEach(func(name, value gjson.Result) bool {
			require.NotContains(t, value.Str, text, "%s of %s", name.Str, sample.Get("metric").Str)
			return true
		})
	}
}

// TestAnotherApplicationThatFails: the error names the step, what it waited for and what came.
func TestAnotherApplicationThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ handshake, message string }{
		"no reply to a step": {
			`[{"send": "{\"action\":\"whoami\"}", "contains": "identity"}, {"send": "{\"action\":\"silence\"}", "pattern": "^ok$", "timeout": "1s"}]`,
			"step 2 of 2, which sent `{\"action\":\"silence\"}` and waited up to 1s for a text that matches `^ok$`, failed: " +
				"no such reply came in time; the last frame that came was `{\"you\":{\"connectionId\":\"L0SM9cOFvHc",
		},
		"another reply": {
			`[{"send": "{\"action\":\"join\"}", "expect": "{\"type\":\"joined\""}]`,
			"step 1 of 1, which sent `{\"action\":\"join\"}` and waited for a text that begins with `{\"type\":\"joined\"`, failed: " +
				"the gateway did not finish the handshake in time; the last frame that came was `{\"type\":\"error\",\"reason\":\"no such action\"}`",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := k6(t, "scripts/failures.js", "DIALECT=apigw", env("URL", serveApplication(t)),
				env("OPTIONS", `{"timeout": "4s", "handshake": `+test.handshake+`}`))
			require.Zero(t, o.exit)
			said := o.said(t, 3)
			require.EqualValues(t, 3, said[0].Get("result.failed").Int())
			for _, failed := range said[1:] {
				require.Equal(t, "HandshakeError", failed.Get("name").Str)
				require.Contains(t, failed.Get("message").Str, test.message)
			}
			logged := containing(o.log, "a connection failed")
			require.Len(t, logged, 1)
			require.Contains(t, logged[0], test.message)
			require.Equal(t, 5, o.count("pushgw_connect_failed", "phase=handshake", "status=0"))
		})
	}
}
