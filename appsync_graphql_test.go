package pushgw

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGraphQLResolvesWithData(t *testing.T) {
	t.Parallel()
	var sent string
	simulate(t, graphql(func(body string) (int, string) {
		sent = body
		return http.StatusOK, `{"data":{"room":{"id":"1","n":1.5,"list":[true,null]}}}`
	}), func(w *world) {
		v := w.vu()
		result := v.run(`return JSON.stringify(await ` + appSyncClient + `.graphql({
			query: 'query Q { "a" }', variables: { a: [1, { b: null }] }, operationName: 'Q' }));`)
		require.JSONEq(w, `{"room":{"id":"1","n":1.5,"list":[true,null]}}`, result.(string))
		require.Equal(w, `{"query":"query Q { \"a\" }","variables":{"a":[1,{"b":null}]},"operationName":"Q"}`, sent)
		require.Equal(w, []float64{1}, v.values("ResponseSuccessRate", "gateway=appsync", "role=host"))
	})
}

// What a request carries isn't carried by what the client does later.
func TestGraphQLKeepsItsHeaders(t *testing.T) {
	t.Parallel()
	var headers []http.Header
	simulate(t, chosen(func(r *http.Request) http.Handler {
		headers = append(headers, r.Header)
		return graphql(func(string) (int, string) { return http.StatusOK, `{"data":{}}` })
	}), func(w *world) {
		w.vu().run(`
			const client = ` + appSyncClient + `;
			await client.graphql({ query: 'q' });
			await caught(() => client.connect());
		`)
		require.Len(w, headers, 2)
		require.Equal(w, "da2-localpushgatewayapikey0001", headers[0].Get("X-Api-Key"))
		require.Equal(w, "websocket", headers[1].Get("Upgrade"))
		require.Empty(w, headers[1].Get("X-Api-Key"))
		require.Empty(w, headers[1].Get("Content-Type"))
	})
}

func TestGraphQLRejects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   failure
		erred  string // the error that is counted
	}{
		"errors": {
			200, `{"data":{},"errors":[{"errorType":"Unauthorized","errorCode":7,"message":"m"}]}`,
			failure{"GatewayError", 7, "Unauthorized: m"},
			"Unauthorized",
		},
		"errors with a status": {
			403, `{"errors":[{"message":"m"}]}`, failure{"GatewayError", 403, "Validation: m"}, "Validation",
		},
		"errors with both": {
			403, `{"errors":[{"errorCode":7,"message":"m"}]}`, failure{"GatewayError", 7, "Other: m"}, "Other",
		},
		"errors without": {200, `{"errors":[{"message":"m"}]}`, failure{"GatewayError", 0, "Validation: m"}, "Validation"},
		"a status": {
			503, `{"data":{}}`,
			failure{"GatewayError", 503, "Other: gateway.test answered POST /graphql with status 503: its body has data and no errors"},
			"Other",
		},
		"no body": {
			500, ``, failure{"GatewayError", 500, "Other: gateway.test answered POST /graphql with status 500: its body is empty"}, "Other",
		},
		"no JSON": {
			200, `<html>`,
			failure{"GatewayError", 0, "Other: gateway.test answered POST /graphql with status 200: what came is not JSON: <html>"},
			"Other",
		},
		"a message": {
			503, `{"message":"Service Unavailable"}`,
			failure{"GatewayError", 503, "Other: gateway.test answered POST /graphql with status 503: Service Unavailable"},
			"Other",
		},
		"a wrong path": {
			404, `{"errors":[{"errorType":"NotFound","message":"m"}]}`,
			failure{"GatewayError", 404, "Other: gateway.test answered POST /graphql with status 404: NotFound: m"},
			"Other",
		},
		"an error of its own": {
			200, `{"data":null,"errors":[{"errorType":"DynamoDB:ConditionalCheckFailed","message":"m"}]}`,
			failure{"GatewayError", 0, "Other: DynamoDB:ConditionalCheckFailed: m"},
			"Other",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			simulate(t, graphql(func(string) (int, string) { return c.status, c.body }), func(w *world) {
				v := w.vu()
				require.Equal(w, c.want, v.fails(`await `+appSyncClient+`.graphql({ query: 'q' })`))
				require.Equal(w, []float64{0}, v.values("ResponseSuccessRate"))
				if c.erred != "" {
					require.Equal(w, []float64{1}, v.values("pushgw_errors", "error="+c.erred))
				} else {
					require.Empty(w, v.values("pushgw_errors"))
				}
			})
		})
	}
}

// What the end of the iteration cuts short is nobody's error.
func TestGraphQLThatIsStopped(t *testing.T) {
	t.Parallel()
	for by, rate := range map[string][]float64{"the iteration": nil, "the network": {0}} {
		simulate(t, graphql(func(string) (int, string) {
			time.Sleep(time.Minute)
			return http.StatusOK, `{"data":{}}`
		}), func(w *world) {
			v := w.vu()
			if by == "the iteration" {
				time.AfterFunc(time.Second, v.CancelContext)
			}
			f := v.fails(`await ` + appSyncClient + `.graphql({ query: 'q' })`)
			require.Equal(w, "ConnectError", f.name)
			require.Equal(w, rate, v.values("ResponseSuccessRate"), by)
			time.Sleep(time.Minute) // until the request has been served
		})
	}
}

func TestGraphQLChecksItsOptions(t *testing.T) {
	t.Parallel()
	requireThrows(t, appSyncClient+`.graphql(`, map[string]string{
		``:                             `graphql(): option "query" is missing: the text of the GraphQL operation`,
		`{ query: 5 }`:                 `graphql(): option "query" must be a string, not a number`,
		`{ query: '' }`:                `graphql(): appsync: the operation has no query`,
		`{ query: 'q', variables: 1 }`: `graphql(): option "variables" must be an object, not a number`,
		`{ query: 'q', name: '' }`:     `graphql(): unknown option "name"; known are query, variables, operationName`,
	})
}
