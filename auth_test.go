package pushgw

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

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
