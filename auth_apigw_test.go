package pushgw

import (
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

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
