package pushgw

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// answers is a management API that remembers what it was asked, and answers so.
func answers(asked *[]string, status int, body string) http.Handler {
	return chosen(func(r *http.Request) http.Handler {
		content, _ := io.ReadAll(r.Body)
		*asked = append(*asked, r.Method+" "+r.Host+r.RequestURI+" "+r.Header.Get("Content-Type")+" "+string(content))
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	})
}

// Each call is one request, with the id escaped once and in no tag.
func TestConnectionsRequests(t *testing.T) {
	t.Parallel()
	var asked []string
	simulate(t, answers(&asked, http.StatusOK, `{"connectedAt":"2025-02-03T01:46:33.523Z","lastActiveAt":"2025-02-03T01:47:00.001Z",`+
		`"identity":{"sourceIp":"10.0.0.1","userAgent":null},"more":1}`), func(w *world) {
		v := w.vu()
		result := v.run(`
			const client = new apigw.Client('` + chatURL + `?token=secret');
			const done = [await client.post('L0SM-_OFvHcCIhw=', 'hello'), await client.delete('a/b')];
			const info = await client.get('L0SM-_OFvHcCIhw=');
			return [...done, JSON.stringify(info)];
		`)
		require.Equal(w, []any{nil, nil, `{"connectedAt":"2025-02-03T01:46:33.523Z","lastActiveAt":"2025-02-03T01:47:00.001Z",` +
			`"identity":{"sourceIp":"10.0.0.1","userAgent":""}}`}, result)
		require.Equal(w, []string{
			"POST gateway.test/dev/@connections/L0SM-_OFvHcCIhw%3D application/octet-stream hello",
			"DELETE gateway.test/dev/@connections/a%2Fb  ",
			"GET gateway.test/dev/@connections/L0SM-_OFvHcCIhw%3D  ",
		}, asked)
		const name = "http://gateway.test/dev/@connections/{connectionId}"
		require.Equal(w, []float64{1, 1, 1}, v.values("http_reqs", "name="+name, "url="+name, "status=200"))
		require.Equal(w, []float64{0, 0, 0}, v.values("http_req_failed"))
		require.Equal(w, []float64{1, 1, 1}, v.values("ResponseSuccessRate", "gateway=apigw", "role=host"))
		for _, sample := range v.pushed {
			for _, value := range sample.Tags.Map() {
				require.NotContains(w, value, "L0SM")
			}
		}
	})
}

func TestConnectionsAreManagedElsewhere(t *testing.T) {
	t.Parallel()
	var asked []string
	simulate(t, answers(&asked, http.StatusNoContent, ``), func(w *world) {
		w.vu().run(`
			for (const managementUrl of ['http://other.test/prod', 'http://other.test', 'http://other.test/prod/']) {
				await new apigw.Client('` + chatURL + `', { managementUrl }).delete('a');
			}
		`)
		require.Equal(w, []string{
			"DELETE other.test/prod/@connections/a  ", "DELETE other.test/@connections/a  ", "DELETE other.test/prod/@connections/a  ",
		}, asked)
	})
}

// Each status has the name of AWS's error, which is counted.
func TestConnectionsErrors(t *testing.T) {
	t.Parallel()
	for status, c := range map[int]struct{ body, name, message string }{
		400: {`{"message":"Invalid connectionId: a"}`, "BadRequest", "Invalid connectionId: a"},
		403: {`{"message":"Forbidden"}`, "Forbidden", "Forbidden"},
		410: {``, "Gone", "status 410 Gone"},
		413: {`{"message":"Message too long"}`, "PayloadTooLarge", "Message too long"},
		429: {`{"message":"Too Many Requests"}`, "LimitExceeded", "Too Many Requests"},
		500: {``, "Other", "status 500 Internal Server Error"},
		307: {``, "Other", "status 307 Temporary Redirect"},
	} {
		var asked []string
		simulate(t, answers(&asked, status, c.body), func(w *world) {
			for _, call := range []string{`post('a', 'b')`, `get('a')`, `delete('a')`} {
				v := w.vu()
				require.Equal(w, failure{"GatewayError", int64(status), c.name + ": " + c.message}, v.fails(`await new apigw.Client('`+chatURL+`').`+call))
				require.Equal(w, []float64{1}, v.values("pushgw_errors", "error="+c.name), call)
				require.Equal(w, []float64{0}, v.values("ResponseSuccessRate"), call)
				require.Equal(w, []float64{1}, v.values("http_req_failed"), call)
			}
			require.Len(w, asked, 3, "nothing is tried again")
		})
	}
}

// A response that isn't what was asked for is an error, and none at all too.
func TestConnectionsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	var asked []string
	simulate(t, answers(&asked, http.StatusOK, `[]`), func(w *world) {
		require.Equal(w, failure{"GatewayError", 0, "Other: the response is not what the management API tells of a connection"},
			w.vu().fails(`await new apigw.Client('`+chatURL+`').get('a')`))
	})
	simulate(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), func(w *world) {
		v := w.vu()
		f := v.fails(`await new apigw.Client('` + chatURL + `').post('secret', 'a')`)
		require.Equal(w, "ConnectError", f.name)
		require.NotContains(w, f.message, "secret")
		require.Equal(w, []float64{0}, v.values("ResponseSuccessRate"))
	})
	simulate(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }), func(w *world) {
		v := w.vu()
		time.AfterFunc(time.Second, v.CancelContext)
		require.Equal(w, "ConnectError", v.fails(`await new apigw.Client('`+chatURL+`').post('a', 'a')`).name)
		require.Empty(w, v.values("ResponseSuccessRate"))
		time.Sleep(time.Minute) // until the request has been served
	})
}

// Keys sign requests, for the host that is asked for. What isn't good there is never shown.
func TestConnectionsAreSignedFor(t *testing.T) {
	t.Parallel()
	keys := sigv4.Keys{AccessKeyID: "AKID", SecretAccessKey: "s", Region: "r"}
	simulate(t, chosen(func(r *http.Request) http.Handler {
		body, _ := io.ReadAll(r.Body)
		if keys.Verify("execute-api", sigv4.FromHTTP(r, body), time.Now()) != nil {
			return http.NotFoundHandler()
		}
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	}), func(w *world) {
		result := w.vu().run(`
			const iam = { region: 'r', accessKeyId: 'AKID', secretAccessKey: 's' };
			const fails = [];
			for (const options of [{}, { auth: { apiKey: 'secret' } }, { auth: { token: 'secret' } }, { auth: { iam } }, { auth: { iam }, headers: { Host: 'api.test' } }]) {
				const client = new apigw.Client('` + chatURL + `', options);
				for (const call of [() => client.post('X=', 'hello'), () => client.get('X='), () => client.delete('X=')]) {
					const { name, message } = await caught(call);
					fails.push(name && name + ': ' + message);
				}
			}
			return fails;
		`)
		const (
			unsigned = "GatewayError: Other: `404 page not found`"
			useless  = "ConnectError: @connections takes nothing but signatures, by IAM credentials"
		)
		require.Equal(w, []any{
			unsigned, unsigned, unsigned, useless, useless, useless, useless, useless, useless, nil, nil, nil, nil, nil, nil,
		}, result)
	})
}

func TestConnectionsCheckTheirArguments(t *testing.T) {
	t.Parallel()
	requireThrows(t, `new apigw.Client('`+chatURL+`', `, map[string]string{
		`{ managementUrl: 5 }`:                   `new apigw.Client(): option "managementUrl" must be a string, not a number`,
		`{ managementUrl: 'wss://a/b?key=1' }`:   `new apigw.Client(): option "managementUrl" the URL "wss://a/b" must begin with https:// or http://`,
		`{ managementUrl: 'https://a/b?key=1' }`: `new apigw.Client(): option "managementUrl" must have no query: https://a/b/@connections/… is what is asked`,
	})
	simulate(t, nil, func(w *world) {
		for call, message := range map[string]string{
			`post()`:        `post() takes the data as a string, not null; JSON.stringify() makes one of an object`,
			`post('a', {})`: `post() takes the data as a string, not an object; JSON.stringify() makes one of an object`,
			`post(5, 'a')`:  `post(): a connection's id is a string, not a number`,
			`post('', 'a')`: `post(): a connection's id can't be empty`,
			`get()`:         `get(): a connection's id is a string, not null`,
			`delete('')`:    `delete(): a connection's id can't be empty`,
			`delete({})`:    `delete(): a connection's id is a string, not an object`,
		} {
			require.Equal(w, failure{"UsageError", 0, message}, w.vu().fails(`new apigw.Client('`+chatURL+`').`+call), call)
		}
	})
	v := initVU(t, newProcess(), nil)
	for _, call := range []string{"post('a', 'b')", "get('a')", "delete('a')"} {
		_, err := v.VU.Runtime().RunString(`new apigw.Client('` + chatURL + `').` + call)
		require.ErrorContains(t, err, "can't be called in the init context")
	}
}
