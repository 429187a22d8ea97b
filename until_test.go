package pushgw

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is due by then is planned, the first at once.
func TestBroadcastForADuration(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		result := w.vu().run(`
			const client = new apigw.Client('` + chatURL + `');
			const listening = client.listen({ connections: 2, until: 'broadcast' });
			await client.ready({ listeners: 2 });
			const all = [];
			for (const until of ['2s', 2001, '100ms']) {
				const { planned, sent, received } = await client.broadcast({ until, rate: 2, settle: '1s' });
				all.push([planned, sent, received].join());
			}
			await listening;
			return all.join(' ');
		`)
		require.Equal(w, "4,4,8 5,5,10 1,1,2", result)
	})
}

// What was sent before the promise was settled, in whatever way, is all that was planned.
func TestBroadcastUntilAPromise(t *testing.T) {
	t.Parallel()
	for name, promise := range map[string]string{
		"fulfilled": "wait(2700)", "rejected": "wait(2700).then(() => { throw new Error('enough'); })", "thenable": "{ then(end) { wait(2700).then(end); } }",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
				began := time.Now()
				result := w.vu().run(`
					const client = new apigw.Client('` + chatURL + `');
					const wait = async (ms) => { await new apigw.Client('` + chatURL + `', { room: 'elsewhere' }).listen({ duration: ms }); };
					const { planned, sent, unsent } = await client.broadcast({ until: ` + promise + `, rate: 2 });
					return [planned, sent, unsent].join();
				`)
				require.Equal(w, "6,6,0", result)
				require.Equal(w, 2950*time.Millisecond, time.Since(began).Truncate(10*time.Millisecond), "it doesn't wait for the next to be due")
			})
		})
	}
}

// Listeners stay for several broadcasts, and go when there is no further one.
func TestListenUntilBroadcast(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(30*time.Millisecond), func(w *world) {
		began := time.Now()
		result := w.vu().run(`
			const client = new apigw.Client('` + chatURL + `');
			const listening = client.listen({ connections: 3, until: 'broadcast' });
			await client.ready({ listeners: 3 });
			for (let i = 0; i < 2; i++) {
				await client.broadcast({ until: '10s', rate: 1 });
			}
			const { ready, received, closed } = await listening;
			return [ready, received, closed].join();
		`)
		require.Equal(w, "3,60,0", result)
		require.Less(w, time.Since(began), 24*time.Second)
	})
}

// Nobody waits for broadcasts that won't come.
func TestListenUntilABroadcastThatFails(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"the barrier isn't reached":        `await client.ready({ listeners: 9, timeout: '3s' })`,
		"of one audience":                  `await client.ready({ listeners: 9, timeout: '3s', audience: 'Room1' })`,
		"its options are wrong":            `await client.broadcast({ count: 0 })`,
		"the barrier's are":                `await client.ready({ listeners: 0 })`,
		"of an audience that nobody is in": `await client.ready({ listeners: 1, timeout: '3s', audience: 'Rom1' })`,
		"nobody is there to hear it":       `await client.broadcast({ audience: 'Rom1' }); throw new Error()`,
		"it can't connect":                 `await new apigw.Client('` + chatURL + `', { nickname: () => { throw new Error('none'); } }).broadcast()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulateGateway(t, delayed(0), func(w *world) {
				result := w.vu().run(`
					const client = new apigw.Client('` + chatURL + `', { room: 'Room1' });
					const listening = client.listen({ connections: 3, until: 'broadcast' });
					await client.ready({ listeners: 3 });
					let failed = 'no';
					try {
						` + script + `;
					} catch (e) {
						failed = 'yes';
					}
					const { ready } = await listening;
					return failed + ready;
				`)
				require.Equal(w, "yes3", result)
			})
		})
	}
}

// Without any, the duration is for how long at most.
func TestListenUntilBroadcastAtMost(t *testing.T) {
	t.Parallel()
	simulateGateway(t, delayed(0), func(w *world) {
		began := time.Now()
		w.vu().run(`await new apigw.Client('` + chatURL + `').listen({ until: 'broadcast', duration: '30s' })`)
		require.Equal(w, 30*time.Second, time.Since(began).Truncate(time.Second))
	})
}
