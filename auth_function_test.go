package pushgw

import (
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// The function is called on the event loop for each connection, whose number it may count.
func TestATokenForEachConnection(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`asked++; return asked % 2 ? 'jwt' : 'secret';`,
		`await sleep(10); asked++; return asked % 2 ? 'jwt' : 'secret';`,
	} {
		simulateGateway(t, guarded, func(w *world) {
			v := w.vu()
			result := v.run(`
				let asked = 0;
				const token = async () => { ` + body + ` };
				const client = new apigw.Client('` + chatURL + `', { auth: { token } });
				const { ready, failed } = await client.listen({ connections: 6, duration: '1s' });
				return [asked, ready, failed];
			`)
			require.Equal(w, []any{int64(6), int64(3), int64(3)}, result)
			require.InDelta(w, 3, v.sum("pushgw_connect_failed", "phase=upgrade", "status=403"), 0)
		})
	}
}

// A connection asks once, with its index, for itself and for all its subscriptions. A request
// that belongs to none asks for itself, with none.
func TestWhatAFunctionIsAskedFor(t *testing.T) {
	t.Parallel()
	simulateGateway(t, guarded, func(w *world) {
		v := w.vu(func(state *lib.State) { state.VUIDGlobal = 3 })
		result := v.run(`
			const asked = [];
			const token = async (...args) => { asked.push(args.map(String).join()); await sleep(1); return 'jwt'; };
			const client = new appsync.Client('` + graphqlURL + `', { auth: { token },
				subscription: { query: 'subscription { onCreateRoom { id title } }' },
				mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { id title } }' },
			});
			const during = async f => { asked.length = 0; await f(); return asked.sort().join(' '); };
			return [
				await during(() => client.listen({ connections: 3, duration: '1s' })),
				await during(async () => {
					const host = await client.connect();
					await host.subscribe();
					await host.subscribe();
					await host.close();
				}),
				await during(() => client.graphql({ query: '{ __typename }' })),
				await during(() => client.broadcast({ count: 2 })),
			];
		`)
		require.Equal(w, []any{"0 1 2", "0", "undefined", "undefined undefined"}, result)
	})
}

// A function that has a token for each listener has none for a request, and the error says that
// this is how it was called. The log says which of the listeners has none.
func TestAFunctionThatNeedsAnIndex(t *testing.T) {
	t.Parallel()
	simulateGateway(t, guarded, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("tokens", []string{"jwt", "jwt"}))
		f := v.fails(`
			const client = new appsync.Client('` + graphqlURL + `', { auth: { token: (i) => tokens[i] },
				subscription: { query: 'subscription { onCreateRoom { id title } }' } });
			await client.listen({ connections: 3, duration: '1s' });
			await client.graphql({ query: '{ __typename }' });
		`)
		require.Contains(w, f.message, `what the function of auth returned: option "token" is missing: a function must return it, `+
			`also when it is called without an index, as here, for a request that belongs to no connection`)
		require.Len(w, v.logged(logrus.ErrorLevel), 1)
		for _, entry := range v.log.AllEntries() {
			if cause, ok := entry.Data[logrus.ErrorKey].(error); ok && entry.Level == logrus.ErrorLevel {
				require.EqualError(w, cause, `listener 2: gateway.test was not dialled (credentials): what the function of auth returned: `+
					`option "token" is missing: a function must return it, also when it is called with the index 2, as here`)
			}
		}
	})
}

// Every kind of credentials may be what a function returns.
func TestCredentialsOfAFunction(t *testing.T) {
	t.Parallel()
	for kind, value := range map[string]string{
		"apiKey": `'` + gateway.APIKey + `'`, "token": `'jwt'`,
		"iam": `{ accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'r' }`,
	} {
		for _, f := range []string{`() => (` + value + `)`, `async () => (` + value + `)`, `() => sleep(5).then(() => (` + value + `))`} {
			simulateGateway(t, guarded, func(w *world) {
				require.EqualValues(w, 3, w.useAppSync(`auth: { `+kind+`: `+f+` }`), "%s %s", kind, f)
			})
		}
	}
}

// What the function throws, or returns in place of a token, is why there is no connection.
func TestATokenThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`throw new Error('expired')`:                  `expired`,
		`return Promise.reject(new Error('expired'))`: `Error: expired`,
		`return 5`:                  `what the function of auth returned: option "token" must be a string, not a number`,
		`return Promise.resolve(5)`: `what the function of auth returned: option "token" must be a string, not a number`,
		`return ''`:                 `"token" must not be empty`,
		`return 'secret\n'`:         `option "token" has a line break at its end`,
		`return`:                    `what the function of auth returned: option "token" is missing: a function must return it, also when it is called with the index 0, as here`,
		`return { get a() { throw new Error('looked at') } }`: `looked at`, // on the event loop, and outside of any call
	} {
		simulateGateway(t, guarded, func(w *world) {
			for client, more := range map[string]string{
				"apigw.Client('" + chatURL + "'":      "",
				"appsync.Client('" + graphqlURL + "'": ", subscription: { query: 's' }",
			} {
				v := w.vu()
				result := v.run(`
					const client = new ` + client + `, { auth: { token: () => { ` + body + ` } }` + more + ` });
					const { name, message } = await caught(() => client.connect());
					const { failed } = await client.listen({ connections: 2, duration: '1s' });
					return [name, message, failed];
				`)
				values, _ := result.([]any)
				require.Len(w, values, 3)
				require.Contains(w, values[1], want)
				require.Equal(w, []any{"ConnectError", int64(2)}, []any{values[0], values[2]})
				require.InDelta(w, 3, v.sum("pushgw_connect_failed", "phase=credentials", "status=0"), 0)
				require.NotContains(w, values[1], "secret")
			}
		})
	}
}

// A function that returns no keys doesn't sign with those of the machine.
func TestKeysThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`undefined`:                              `option "iam" is missing`,
		`'hidden'`:                               `what the function of auth returned iam: options must be an object, not a string`,
		`{ accessKeyId: 'hidden', region: 'r' }`: `what the function of auth returned iam: option "secretAccessKey" is missing`,
		`{ accessKeyId: 'hidden', secretAccessKey: 'hidden' }`: `option "region" is missing, and the host gateway.test doesn't tell it`,
		`{ token: 'hidden', region: 'r' }`:                     `unknown option "token"`,
	} {
		simulateGateway(t, guarded, func(w *world) {
			v := w.vu()
			f := v.fails(`await new apigw.Client('` + chatURL + `', { auth: { iam: () => (` + value + `) } }).connect()`)
			require.Equal(w, "ConnectError", f.name)
			require.Contains(w, f.message, want)
			requireUnsaid(w, v, "hidden", f.message)
		})
	}
}

// A promise that never settles is waited for as long as the client's timeout, by a request too,
// and for a header too.
func TestCredentialsThatNeverCome(t *testing.T) {
	t.Parallel()
	simulateGateway(t, guarded, func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new appsync.Client('` + graphqlURL + `', {
				auth: { token: () => new Promise(() => {}) }, timeout: '5s',
				subscription: { query: 's' }, mutation: { query: '{{stamp}}' },
			});
			const other = new appsync.Client('` + graphqlURL + `', {
				auth: { token: 'jwt' }, timeout: '5s', headers: { 'X-Own': () => new Promise(() => {}) },
			});
			const began = Date.now();
			const took = async f => [(await caught(f)).name, Math.floor((Date.now() - began) / 1000)];
			return [
				await took(() => client.connect()), await took(() => client.graphql({ query: 'q' })),
				await took(() => client.broadcast()), (await client.listen()).failed,
				await took(() => other.graphql({ query: 'q' })),
			];
		`)
		require.Equal(w, []any{[]any{"ConnectError", int64(5)}, []any{"ConnectError", int64(10)}, []any{"PublishError", int64(15)}, int64(1), []any{"ConnectError", int64(25)}}, result)
		require.InDelta(w, 2, v.sum("pushgw_connect_failed", "phase=credentials"), 0)
		f := w.vu().fails(`await new appsync.Client('` + graphqlURL + `', {
			auth: { token: () => new Promise(() => {}) }, timeout: '5s', mutation: { query: '{{stamp}}' },
		}).graphql({ query: 'q' })`)
		require.Equal(w, failure{"ConnectError", 0, "the function of auth did not answer within the client's timeout"}, f)
	})
}

// A token that is asked for while the script doesn't let go of the event loop is waited
// for no longer than the connection may take.
func TestATokenThatIsNotGivenInTime(t *testing.T) {
	t.Parallel()
	simulateGateway(t, guarded, func(w *world) {
		v := w.vu()
		require.NoError(w, v.VU.Runtime().Set("block", func() { time.Sleep(time.Minute) }))
		v.run(`
			const client = new apigw.Client('` + chatURL + `', { auth: { token: () => 'jwt' }, timeout: '5s' });
			const listening = client.listen({ duration: '2m' });
			block();
			await listening;
		`)
		require.InDelta(w, 1, v.sum("pushgw_connect_failed", "phase=credentials"), 0)
	})
}
