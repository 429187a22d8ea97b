package pushgw

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/gorilla/websocket"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

func TestWhatAuthMayBe(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		`{}`:                                  `call(): option "auth" must have one of apiKey, token, iam in it, and has none`,
		`{ auth: {} }`:                        `call(): option "auth" must have one of apiKey, token, iam in it, and has none`,
		`{ auth: { apiKey: 'k', iam: {} } }`:  `call(): option "auth" must have one of apiKey, token, iam in it, and has apiKey and iam`,
		`{ auth: 'secret' }`:                  `call() auth: options must be an object, not a string`,
		`{ auth: { tokn: 'secret' } }`:        `call() auth: unknown option "tokn"; known are apiKey, token, iam`,
		`{ auth: { apiKey: 'k', key: 's' } }`: `call() auth: unknown option "key"; known are apiKey, token, iam`,
		`{ auth: { apiKey: 5 } }`:             `call() auth: option "apiKey" must be a string, not a number`,
		`{ auth: { apiKey: '' } }`:            `call() auth: option "apiKey" must not be empty`,
		`{ auth: { token: 'secret\n' } }`:     `call() auth: option "token" has a line break at its end, which a header can't have: trim what is read from a file`,
		`{ auth: { token: 'secret\r\n' } }`:   `call() auth: option "token" has a line break at its end, which a header can't have: trim what is read from a file`,
		`{ auth: { token: 'sec\nret' } }`:     `call() auth: option "token" has a line break in it, which a header can't have`,
		`{ auth: { token: 'secret\x00\n' } }`: `call() auth: option "token" has the character U+0000 in it, which a header can't have`,
		`{ auth: { token: {} } }`:             `call() auth: option "token" must be a string, not an object`,
		`{ auth: { iam: 'secret' } }`:         `call() auth iam: options must be an object, not a string`,
		`{ auth: { iam: {} } }`:               `call() auth iam: option "region" is missing, and the host h doesn't tell it`,
		`{ auth: { iam: { region: 'r', secret: 's' } } }`: `call() auth iam: unknown option "secret"; known are region, profile, ` +
			`accessKeyId, secretAccessKey, sessionToken`,
		`{ auth: { iam: { region: 'r', accessKeyId: 'a' } } }`:     `call() auth iam: option "secretAccessKey" is missing`,
		`{ auth: { iam: { region: 'r', secretAccessKey: 's' } } }`: `call() auth iam: option "accessKeyId" is missing`,
		`{ auth: { iam: { region: 'r', sessionToken: 's' } } }`:    `call() auth iam: option "accessKeyId" is missing`,
		`{ auth: { iam: { region: 'r', accessKeyId: 'a', secretAccessKey: 's', profile: 'p' } } }`: `call() auth iam: option "profile" ` +
			`can't be given beside keys`,
	} {
		o := given(t, literal)
		readCredentials(o, "appsync", "h")
		require.EqualError(t, o.done(), want, literal)
	}
}

func TestWhereTheRegionComesFrom(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		`{ auth: { iam: {} } }`:                                         "eu-west-1",
		`{ auth: { iam: { region: 'r' } } }`:                            "r",
		`{ auth: { iam: { accessKeyId: 'a', secretAccessKey: 's' } } }`: "eu-west-1",
	} {
		o := given(t, literal)
		iam, ok := readCredentials(o, "execute-api", "abc.execute-api.eu-west-1.amazonaws.com").(*credentials.IAM)
		require.NoError(t, o.done())
		require.True(t, ok)
		require.Equal(t, []string{"execute-api", want}, []string{iam.Service, iam.Region}, literal)
	}
}

// Keys that are given are those that requests are signed with.
func TestKeysThatAreGiven(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]aws.Credentials{
		`{ auth: { iam: { region: 'r', accessKeyId: 'a', secretAccessKey: 'b' } } }`: {AccessKeyID: "a", SecretAccessKey: "b"},
		`{ auth: { iam: { region: 'r', accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' } } }`: {
			AccessKeyID: "a", SecretAccessKey: "b", SessionToken: "c",
		},
	} {
		iam, ok := readCredentials(given(t, literal), "appsync", "h").(*credentials.IAM)
		require.True(t, ok)
		keys, err := iam.Keys.Retrieve(t.Context())
		require.NoError(t, err)
		keys.Source = ""
		require.Equal(t, want, keys)
	}
}

// The keys and the token of a gateway that demands either, and clients that have them.
var (
	guarded = gateway.Config{Token: "jwt", Keys: sigv4.Keys{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "r"}}

	goodAuth = map[string]string{
		"token":    `auth: { token: 'jwt' }`,
		"function": `auth: { token: () => 'jwt' }`,
		"iam":      `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'r' } }`,
		"session":  `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 's', region: 'r' } }`,
	}
	wrongAuth = map[string]string{
		"token":   `auth: { token: 'hidden' }`,
		"session": `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'hidden', sessionToken: 'hidden', region: 'r' } }`,
		"secret":  `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'hidden', region: 'r' } }`,
		"key":     `auth: { iam: { accessKeyId: 'AKID2', secretAccessKey: 'secret', region: 'r' } }`,
		"region":  `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'other' } }`,
	}
)

// Every kind of credentials is good for all that a client of AppSync does.
func TestCredentialsOnAppSync(t *testing.T) {
	t.Parallel()
	for name, auth := range goodAuth {
		for _, where := range []string{"subprotocol", "query", "headers"} {
			simulateGateway(t, guarded, func(w *world) {
				result := w.vu().run(`
					const client = new appsync.Client('` + graphqlURL + `', { ` + auth + `, credentials: '` + where + `',
						subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
						mutation: { query: 'mutation($t: String!) { createRoom(input: { title: $t }) { id title } }', variables: { t: '<&> {{stamp}}' } },
					});
					const listening = client.listen({ connections: 3, duration: '1m' });
					await client.ready({ listeners: 3 });
					const host = await client.connect();
					await host.subscribe();
					const { received } = await client.broadcast();
					await client.graphql({ query: '{ __typename }' });
					await host.close();
					await listening;
					return received;
				`)
				require.EqualValues(w, 3, result, name)
			})
		}
	}
}

// Behind a host name that AppSync doesn't know, which forwards all to the API's own, the
// option host says who is meant.
func TestAHandMadeCNAME(t *testing.T) {
	t.Parallel()
	for name, auth := range goodAuth {
		for _, where := range []string{"subprotocol", "query", "headers"} {
			var local *gateway.Gateway
			simulate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Host = "abc.appsync-api.r.amazonaws.com"
				local.Handler().ServeHTTP(w, r)
			}), func(w *world) {
				local = gateway.New(guarded)
				defer local.Close()
				client := func(host string) string {
					return `const client = new appsync.Client('http://cname.test/graphql', { ` + auth + `, credentials: '` + where + `'` + host + `,
						realtimeUrl: 'ws://cname.test/graphql', subscription: { query: 'subscription { onCreateRoom { id } }' },
					}); `
				}
				result := w.vu().run(client(`, host: 'abc.appsync-api.r.amazonaws.com'`) + `
					await client.graphql({ query: '{ __typename }' });
					return (await client.listen({ connections: 2, duration: '1s' })).ready;
				`)
				require.EqualValues(w, 2, result, "%s %s", name, where)
				if where != "headers" { // whose Host is the forwarding one's to write
					v := w.vu()
					f := v.fails(client(``) + `await client.connect()`)
					require.Equal(w, "HandshakeError", f.name)
					require.Contains(w, f.message, "HttpNotFound")
				}
			})
		}
	}
}

// A signature that comes six minutes after its date is as one by a clock that is six minutes
// slow: AWS allows five.
func TestASkewedClock(t *testing.T) {
	t.Parallel()
	for wait, wrong := range map[time.Duration]bool{4 * time.Minute: false, 6 * time.Minute: true} {
		for _, row := range []struct{ client, form, name, words string }{
			{"appsync.Client('" + graphqlURL, "subprotocol", "HandshakeError", "BadRequest: Signature expired"},
			{"appsync.Client('" + graphqlURL, "query", "HandshakeError", "BadRequest: Signature expired"},
			{"appsync.Client('" + graphqlURL, "headers", "HandshakeError", "BadRequest: Signature expired"},
			{"apigw.Client('" + chatURL, "headers", "ConnectError", "403"},
			{"apigw.Client('" + chatURL, "query", "ConnectError", "403"},
		} {
			var local *gateway.Gateway
			simulate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(wait)
				local.Handler().ServeHTTP(w, r)
			}), func(w *world) {
				local = gateway.New(guarded)
				defer local.Close()
				connect := `await new ` + row.client + `', { ` + goodAuth["session"] + `, credentials: '` + row.form + `', timeout: '10m' }).connect()`
				if !wrong {
					w.vu().run(`const connection = ` + connect + `; await connection.close();`)
					return
				}
				f := w.vu().fails(connect)
				require.Equal(w, row.name, f.name)
				require.Contains(w, f.message, row.words)
			})
		}
	}
}

func TestWrongCredentialsOnAppSync(t *testing.T) {
	t.Parallel()
	for name, auth := range wrongAuth {
		simulateGateway(t, guarded, func(w *world) {
			client := `new appsync.Client('` + graphqlURL + `', { ` + auth + `})`
			v := w.vu()
			f := v.fails(`await ` + client + `.connect()`)
			require.Equal(w, "HandshakeError", f.name, name)
			requireUnsaid(w, v, "hidden", f.message)
			v = w.vu()
			f = v.fails(`await ` + client + `.graphql({ query: '{ __typename }' })`)
			require.Equal(w, "GatewayError", f.name, name)
			require.Equal(w, map[string]int64{"token": 401, "key": 403, "secret": 403, "session": 403, "region": 403}[name], f.code, name)
			requireUnsaid(w, v, "hidden", f.message)
		})
	}
}

func TestCredentialsOnAPIGateway(t *testing.T) {
	t.Parallel()
	for name, auth := range goodAuth {
		for _, where := range []string{"headers", "query"} {
			simulateGateway(t, guarded, func(w *world) {
				client := `new apigw.Client('` + chatURL + `', { ` + auth + `, credentials: '` + where + `' })`
				result := w.vu().run(`return (await ` + client + `.listen({ connections: 3, duration: '1s' })).ready`)
				require.EqualValues(w, 3, result, name)
			})
		}
	}
}

func TestWrongCredentialsOnAPIGateway(t *testing.T) {
	t.Parallel()
	for name, auth := range wrongAuth {
		for _, where := range []string{"headers", "query"} {
			simulateGateway(t, guarded, func(w *world) {
				v := w.vu()
				f := v.fails(`await new apigw.Client('` + chatURL + `', { ` + auth + `, credentials: '` + where + `' }).connect()`)
				require.Equal(w, "ConnectError", f.name, name)
				require.EqualValues(w, 403, f.code, name)
				requireUnsaid(w, v, "hidden", f.message)
			})
		}
	}
	simulateGateway(t, guarded, func(w *world) {
		f := w.vu().fails(`await new apigw.Client('` + chatURL + `').connect()`)
		require.EqualValues(w, 401, f.code)
	})
}

func TestAnAPIKeyOnAPIGateway(t *testing.T) {
	t.Parallel()
	simulate(t, sockets(func(*websocket.Conn, string) {}), func(w *world) {
		f := w.vu().fails(`new apigw.Client('` + chatURL + `', { auth: { apiKey: 'k' }, credentials: 'query' })`)
		require.Contains(w, f.message, `option "credentials" can't be "query" for an API key`)
	})
}

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
				result := w.vu().run(`
					const client = new appsync.Client('` + graphqlURL + `', { auth: { ` + kind + `: ` + f + ` },
						subscription: { query: 'subscription { onCreateRoom { __typename id title } }' },
						mutation: { query: 'mutation { createRoom(input: { title: "{{stamp}}" }) { id title } }' },
					});
					const listening = client.listen({ connections: 2, duration: '1m' });
					await client.ready({ listeners: 2 });
					const host = await client.connect();
					await host.subscribe();
					const { received } = await client.broadcast();
					await client.graphql({ query: '{ __typename }' });
					await host.close();
					await listening;
					return received;
				`)
				require.EqualValues(w, 2, result, "%s %s", kind, f)
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

// Gateways repeat what they refuse. The token of a session, the key of an API and a token are
// neither in an error nor in the log.
func TestWhatGatewaysRepeat(t *testing.T) {
	t.Parallel()
	simulate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"message":"Should have been 'GET\\n/dev\\n%s\\nx-amz-security-token:%s\\nhost' Authorization=%s"}`,
			r.URL.RawQuery, r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"))
	}), func(w *world) {
		for _, auth := range []string{wrongAuth["token"], wrongAuth["session"]} {
			for _, client := range []string{
				`new apigw.Client('` + chatURL + `', { ` + auth + ` }).connect()`,
				`new apigw.Client('` + chatURL + `', { ` + auth + `, credentials: 'headers' }).listen({ duration: '1s' })`,
				`new appsync.Client('` + graphqlURL + `', { ` + auth + ` }).graphql({ query: 'q' })`,
				`new appsync.Client('` + graphqlURL + `', { ` + auth + `, credentials: 'headers' }).connect()`,
			} {
				v := w.vu()
				result := fmt.Sprint(v.run(`return caught(() => ` + client + `)`))
				requireUnsaid(w, v, "hidden", result)
			}
		}
		v := w.vu()
		f := v.fails(`await new apigw.Client('` + chatURL + `', { ` + wrongAuth["session"] + `, credentials: 'query' }).connect()`)
		require.Contains(w, f.message, "X-Amz-Security-Token=…")
		requireUnsaid(w, v, "hidden", f.message)
	})
}

// What a token is called in the query is the script's to say.
func TestTokenParameter(t *testing.T) {
	t.Parallel()
	queries := make(chan string, 10)
	simulate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries <- r.URL.RawQuery
		w.WriteHeader(http.StatusForbidden)
	}), func(w *world) {
		for options, want := range map[string]string{
			``:                           "a=b&token=t+1",
			`, tokenParameter: 'Auth'`:   "a=b&Auth=t+1",
			`, tokenParameter: 'x&y=z%'`: "a=b&x%26y%3Dz%25=t+1",
		} {
			w.vu().fails(`await new apigw.Client('` + chatURL + `?a=b', { auth: { token: 't 1' }, credentials: 'query'` + options + ` }).connect()`)
			require.Equal(w, want, <-queries)
		}
		for _, options := range []string{
			`auth: { token: 't' }, credentials: 'query', tokenParameter: ''`,
			`auth: { token: 't' }, tokenParameter: 'Auth'`,
			`auth: { iam: { region: 'r' } }, credentials: 'query', tokenParameter: 'Auth'`,
			`tokenParameter: 'Auth'`,
		} {
			f := w.vu().fails(`new apigw.Client('` + chatURL + `', { ` + options + ` })`)
			require.Contains(w, f.message, `option "tokenParameter" must not be empty, and is for a token whose option "credentials" is "query"`, options)
		}
	})
}

// A default port in a URL or a host is neither signed nor sent: AWS knows its hosts without.
func TestDefaultPortsAreNotSent(t *testing.T) {
	t.Parallel()
	hosts := make(chan [3]string, 10)
	simulate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		object, _ := base64.StdEncoding.DecodeString(r.URL.Query().Get("header"))
		var authorization struct{ Host string }
		_ = json.Unmarshal(object, &authorization)
		var signed error
		if r.URL.Path == "/dev" {
			signed = guarded.Keys.Verify("execute-api", sigv4.FromHTTP(r, nil), time.Now())
		}
		hosts <- [3]string{r.Host, authorization.Host, fmt.Sprint(signed)}
		w.WriteHeader(http.StatusForbidden)
	}), func(w *world) {
		const iam = `auth: { iam: { accessKeyId: 'AKID', secretAccessKey: 'secret', region: 'r' } }`
		for script, want := range map[string][3]string{
			`new apigw.Client('ws://gateway.test:80/dev', { ` + iam + ` })`:                                                   {"gateway.test", "", "<nil>"},
			`new apigw.Client('ws://gateway.test:80/dev', { ` + iam + `, credentials: 'query' })`:                             {"gateway.test", "", "<nil>"},
			`new apigw.Client('ws://gateway.test/dev', { ` + iam + `, headers: { Host: 'api.test:80' } })`:                    {"api.test", "", "<nil>"},
			`new apigw.Client('ws://gateway.test:443/dev', { ` + iam + ` })`:                                                  {"gateway.test:443", "", "<nil>"},
			`new appsync.Client('http://gateway.test:80/graphql', { ` + iam + `, credentials: 'query' })`:                     {"gateway.test", "gateway.test", "<nil>"},
			`new appsync.Client('http://gateway.test/graphql', { ` + iam + `, credentials: 'query', host: 'api.test:80' })`:   {"gateway.test", "api.test", "<nil>"},
			`new appsync.Client('http://gateway.test/graphql', { ` + iam + `, credentials: 'headers', host: 'api.test:80' })`: {"api.test", "", "<nil>"},
			`new appsync.Client('http://gateway.test:80/graphql', { auth: { apiKey: 'k' }, credentials: 'query' })`:           {"gateway.test", "gateway.test", "<nil>"},
		} {
			w.vu().fails(`await ` + script + `.connect()`)
			require.Equal(w, want, <-hosts, script)
		}
	})
}
