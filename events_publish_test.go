package pushgw

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

func TestEventsPublishes(t *testing.T) {
	t.Parallel()
	config := gateway.Config{}
	require.NoError(t, config.Faults.FailEvent.UnmarshalText([]byte("1/4")))
	simulateGateway(t, config, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = ` + eventsClient + `;
			const told = [];
			const host = await client.connect();
			host.on('message', m => told.push(JSON.parse(m.data).event));
			host.on('error', e => told.push(e.message));
			const subscription = await host.subscribe();
			const other = await host.subscribe('default/rooms/*');
			const one = await client.publish(['a', 1, { b: '<' }, null]);
			const two = await host.publish([true], { channel: 'default/rooms/Room2' });
			await sleep(1000);
			await subscription.unsubscribe();
			const three = await host.publish([[2]]);
			await sleep(1000);
			const again = await caught(() => subscription.unsubscribe());
			await host.close();
			return [subscription.id, other.id, one.successful.map(e => e.index).join(), one.failed.map(e => [e.index, e.code, e.message]).join(),
				two.failed.length, three.successful.length, typeof three.successful[0].identifier, told.sort().join(' '), again.message];
		`)
		require.Equal(w, []any{
			"1", "2", "0,1,2", "3,500,Unable to process message", int64(0), int64(1), "string",
			`"a" "a" 1 1 [2] true {"b":"<"} {"b":"<"}`, "unsubscribe(): there is no such subscription any more",
		}, result)
		require.InDelta(w, 2, v.sum("subscribed_success_counter", "gateway=events", "role=host"), 0)
		require.InDelta(w, 1, v.sum("pushgw_errors", "error=FailedEvent"), 0)
	})
}

// A failure of events that the script publishes itself is in the result, and no event
// 'error'.
func TestEventsThatFailAreNoNews(t *testing.T) {
	t.Parallel()
	config := gateway.Config{}
	require.NoError(t, config.Faults.FailEvent.UnmarshalText([]byte("1")))
	simulateGateway(t, config, func(w *world) {
		result := w.vu().run(`
			const host = await ` + eventsClient + `.connect();
			let errors = 0;
			host.on('error', () => errors++);
			const { successful, failed } = await host.publish([1, 2, 3]);
			await sleep(1000);
			const refused = await caught(() => host.publish([1], { channel: 'elsewhere' }));
			await host.close();
			return [successful.length, failed.length, errors, refused.name, refused.message];
		`)
		require.Equal(w, []any{int64(0), int64(3), int64(0), "GatewayError", "ResourceNotFound: Namespace not found"}, result)
	})
}
