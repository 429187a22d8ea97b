package pushgw

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// Every kind of credentials is good for all that a client of AppSync does.
func TestCredentialsOnAppSync(t *testing.T) {
	t.Parallel()
	for name, auth := range goodAuth {
		for _, where := range []string{"subprotocol", "query", "headers"} {
			simulateGateway(t, guarded, func(w *world) {
				require.EqualValues(w, 3, w.useAppSync(auth+`, credentials: '`+where+`'`), "%s %s", name, where)
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
