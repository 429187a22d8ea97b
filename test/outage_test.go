package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

const thresholdsCrossed = 99 // k6's exit code

// TestKilledGateway: README.md's own scripts, with a gateway that is killed while they
// broadcast. The run fails, by README.md's thresholds, and its log says why in one line.
func TestKilledGateway(t *testing.T) {
	t.Parallel()
	const listeners, planned = 100, 60
	for i, side := range []string{"apigw", "appsync"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			g := serve(t, "--delay=1s") // so that some are under way at any time
			script := changed(t, listings(t)[i], "vus: 10", "vus: 1", "listeners: 1000", "listeners: 100",
				"count: 20, rate: 2", "count: 60, rate: 5", "canary: true", "canary: false")
			p := start(t, script, g.env()...)
			g.statsWhen(t, func(stats *gateway.Stats) bool {
				return max(stats.APIGateway.Totals.Broadcasts, stats.AppSync.Totals.Broadcasts) >= planned/3
			})
			g.kill(t)
			o := p.wait(t)
			require.Equal(t, thresholdsCrossed, o.exit)

			account := o.said(t, 1)[0]
			number := func(field string) int { return int(account.Get(field).Int()) }
			require.Equal(t, planned, number("planned"))
			require.GreaterOrEqual(t, number("sent"), planned/3)
			require.Positive(t, number("unsent"))
			require.Equal(t, listeners*number("sent"), number("expected"))
			require.Positive(t, number("lost"))
			require.Zero(t, number("indeterminate"))
			require.Zero(t, number("missed"), "what is sent to no gateway isn't sent")
			hosts := map[string]int{"apigw": 1}[side]
			o.requireCounts(t, map[string]int{
				"pushgw_lost cause=cut": number("lost"), "pushgw_lost": number("lost"), "pushgw_unsent": number("unsent"),
				"pushgw_missed": 0, "pushgw_indeterminate": 0, "pushgw_closed by=gateway": listeners + hosts,
			})
			require.Len(t, containing(o.log, "because the gateway or the network ended the listener's connection"), 1)
			require.Len(t, containing(o.log, "the gateway closed a connection"), 1)
			require.Len(t, containing(o.log, "planned broadcasts were not sent"), 1)
		})
	}
}

// changed returns the path of a copy of a script with words replaced: pairs of old and
// new, of which "canary: true" need not be there.
func changed(t *testing.T, script string, pairs ...string) string {
	t.Helper()
	text := read(t, script)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != "canary: true" {
			require.Contains(t, text, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	path := filepath.Join(t.TempDir(), "script.js")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func containing(lines []string, part string) (found []string) {
	for _, line := range lines {
		if strings.Contains(line, part) {
			found = append(found, line)
		}
	}
	return found
}

// TestRefusingGatewayIsNotHammered: where ramping-vus calls listen() again and again, each
// VU waits longer from refusal to refusal.
func TestRefusingGatewayIsNotHammered(t *testing.T) {
	t.Parallel()
	const vus = 20
	// The waits are 0.5, 0.75, 1.1, 1.7 and 2.5 seconds, each give or take a half. In the
	// eight seconds of the scenario there is room for these many, where all are short.
	const attempts = 8
	g := serve(t, "--refuse=403:1")
	o := k6(t, "../examples/apigw-connections.js", g.env(env("TARGET", vus), "RAMP=1s", "HOLD=5s")...)
	require.Equal(t, thresholdsCrossed, o.exit)
	refused := o.count("pushgw_connect_failed", "phase=upgrade", "status=403")
	t.Log("attempts: ", refused)
	require.Equal(t, refused, o.count("pushgw_connect_failed"))
	require.EqualValues(t, refused, g.stats(t).APIGateway.Refused)
	require.Greater(t, refused, vus, "each tries again")
	require.LessOrEqual(t, refused, vus*attempts)
	require.Len(t, containing(o.log, "status 403"), 1, "one of the refusals is logged")
}

// TestBarrierOutOfReach: ready() doesn't wait for listeners that have all failed, and says
// why they did.
func TestBarrierOutOfReach(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export const options = { scenarios: {
			listener: { executor: 'per-vu-iterations', exec: 'listener' },
			broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
		} };
		export const listener = () => gateway.listen({ connections: 5 });
		export async function broadcast() {
			await gateway.ready({ listeners: 5, timeout: '10m' })
				.catch(({ name, code, message }) => console.log(JSON.stringify({ name, code, message })));
		}`), serve(t, "--refuse=403:1").env()...)
	require.Zero(t, o.exit)
	thrown := o.said(t, 1)[0]
	require.Equal(t, "ConnectError", thrown.Get("name").Str)
	require.EqualValues(t, 403, thrown.Get("code").Int())
	require.Contains(t, thrown.Get("message").Str, "of 5 listeners 0 are ready, and no more can be: 5 failed, 0 were cut off")
	require.Contains(t, thrown.Get("message").Str, "status 403")
}

// TestSetupThatFails: k6 closes its channel of samples while a connection of setup() is
// still open. That is no panic, and the log says that samples are lost.
func TestSetupThatFails(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		import { sleep } from 'k6';
		const gateway = new apigw.Client(__ENV.APIGW_URL);
		export async function setup() {
			await gateway.connect();
			throw new Error('setup has failed');
		}
		export default function () {}
		export function handleSummary() { // k6 ends when it is made
			sleep(5);
			return {};
		}`), serve(t).env("--summary-mode=full")...)
	require.Contains(t, []int{scriptException, scriptRejected}, o.exit)
	require.Contains(t, o.stderr, "setup has failed")
	require.Len(t, containing(o.log, "samples are lost"), 1)
}
