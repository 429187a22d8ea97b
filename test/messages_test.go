package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// heardBy is a script in which three listeners of one client hear what the other client
// broadcasts.
const heardBy = `
	export const options = { scenarios: {
		listener: { executor: 'per-vu-iterations', exec: 'listener' },
		broadcast: { executor: 'per-vu-iterations', exec: 'broadcast' },
	} };
	export const listener = () => listening.listen({ connections: 3, duration: '10s' });
	export async function broadcast() {
		await listening.ready({ listeners: 3 });
		console.log(JSON.stringify(await publishing.broadcast(JSON.parse(__ENV.PLAN))));
	}`

// TestSubscriptionWithoutTheStampsField: what listeners read isn't taken for a delivery,
// and the log says what to look for.
func TestSubscriptionWithoutTheStampsField(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const listening = new appsync.Client(__ENV.APPSYNC_URL, {
			auth: { apiKey: __ENV.API_KEY },
			subscription: { query: 'subscription { onCreateRoom { id } }' },
			mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { id title } }' },
		});
		const publishing = listening;`+heardBy), serve(t).env("API_KEY="+gateway.APIKey, `PLAN={"count":2,"settle":"500ms"}`)...)
	require.Zero(t, o.exit)
	require.EqualValues(t, 6, o.said(t, 1)[0].Get("lost").Int())
	o.requireCounts(t, map[string]int{
		"pushgw_errors error=NoStamp": 6, "pushgw_errors": 6, "msg_received_counter": 0,
		"pushgw_lost cause=missing": 6, "pushgw_lost cause=cut": 0,
	})
	require.Len(t, o.log, 2)
	require.Contains(t, o.log[0], "a listener read a message without a stamp")
	require.Contains(t, o.log[0], "Do the subscription and the mutation both select the field that has the stamp?")
	require.Contains(t, o.log[1], "deliveries are lost, at first 6 of 6")
}

// TestDeliveriesAfterSettling: what comes too late is lost, and what came too late is told.
func TestDeliveriesAfterSettling(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const listening = new apigw.Client(__ENV.APIGW_URL), publishing = listening;`+heardBy),
		serve(t, "--delay=1s").env(`PLAN={"count":5,"rate":2,"settle":"300ms"}`)...)
	require.Zero(t, o.exit)
	account := o.said(t, 1)[0]
	require.EqualValues(t, 15, account.Get("expected").Int())
	require.EqualValues(t, 15, account.Get("lost").Int())
	require.GreaterOrEqual(t, account.Get("late").Int(), int64(6), "those of the first two broadcasts, before the last was sent")
	o.requireCounts(t, map[string]int{
		"pushgw_lost cause=missing": 15, "pushgw_errors error=LateDelivery": 15, "msg_received_counter": 15,
	})
	require.Len(t, o.log, 2)
	require.Contains(t, o.log[0], "deliveries are lost, at first 3 of 3")
	require.Contains(t, o.log[1], "a longer settle waits for such deliveries")
}

// TestStampPatternOfAnotherUnit: seconds aren't taken for milliseconds.
func TestStampPatternOfAnotherUnit(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const listening = new apigw.Client(__ENV.APIGW_URL, { stampPattern: 'at (\\d+)' });
		const publishing = { broadcast: async () => {
			const host = await listening.connect();
			const heard = new Promise((resolve) => host.on('message', resolve));
			host.send('at ' + Math.floor(Date.now() / 1000));
			await heard;
			await host.close();
			return {};
		} };`+heardBy), serve(t).env("PLAN={}")...)
	require.Zero(t, o.exit)
	o.requireCounts(t, map[string]int{"pushgw_errors error=StampPatternUnit": 3, "pushgw_errors": 3, "msg_received_counter": 0})
	require.Zero(t, o.observed("ws_resp_delay"))
	require.Contains(t, o.complaint(t), "its group must hold milliseconds since 1970")
}

// TestSpellingsOfOneGateway: a slash at the URL's end makes no other audience.
func TestSpellingsOfOneGateway(t *testing.T) {
	t.Parallel()
	o := k6(t, written(t, `
		const listening = new apigw.Client(__ENV.APIGW_URL);
		const publishing = new apigw.Client(__ENV.APIGW_URL.replace('ws:', 'WS:') + '/');`+heardBy),
		serve(t).env(`PLAN={"count":2}`)...)
	o.requireClean(t)
	requireAccount(t, o.said(t, 1)[0], 3, 2)
}

// TestFrameSizes: API Gateway closes a connection for a frame above 32 KB, which is what a
// browser sends a longer message as, and takes the same message in several.
func TestFrameSizes(t *testing.T) {
	t.Parallel()
	for option, code := range map[string]int{`{}`: 1000, `{ frameSize: 32768 }`: 1000, `{ frameSize: 131072 }`: 1009} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			o := k6(t, written(t, `
				const client = new apigw.Client(__ENV.APIGW_URL, `+option+`);
				export default async function () {
					const connection = await client.connect({ nickname: 'Me' });
					const closed = new Promise((resolve) => connection.on('close', resolve));
					const heard = new Promise((resolve) => connection.on('message', resolve));
					connection.send('x'.repeat(40000));
					const { data = '' } = await Promise.race([heard, closed]);
					await connection.close();
					console.log(JSON.stringify({ length: data.length, code: (await closed).code }));
				}`), serve(t).env()...)
			require.Zero(t, o.exit)
			said := o.said(t, 1)[0]
			require.EqualValues(t, code, said.Get("code").Int())
			want := len("Me: ") + 40000
			if code != 1000 {
				want = 0
			}
			require.EqualValues(t, want, said.Get("length").Int())
		})
	}
}
