package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guarded are the flags of a gateway that takes exactly the credentials below.
var guarded = []string{
	"--api-key", "da2-key", "--token", "jwt", "--issuer",
	"--access-key-id", "AKID", "--secret-access-key", "wJalr", "--region", "eu-west-1",
}

const keysLiteral = `{ accessKeyId: 'AKID', secretAccessKey: 'wJalr', region: 'eu-west-1' }`

// rightTokens and rightKeys are good on both gateways, and rightAPIKeys on AppSync.
var (
	rightAPIKeys = map[string]string{
		"key":                 `{ apiKey: 'da2-key' }`,
		"key of a function":   `{ apiKey: async () => 'da2-key' }`,
		"key from k6/secrets": `{ apiKey: await secrets.get('key') }`,
	}
	rightTokens = map[string]string{
		"token":                  `{ token: 'jwt' }`,
		"token of a function":    `{ token: () => 'jwt' }`,
		"token of a promise":     `{ token: async () => (await http.asyncRequest('GET', TOKENS)).body }`,
		"bearer token":           `{ token: async () => 'Bearer ' + (await http.asyncRequest('GET', TOKENS)).body }`,
		"token from k6/secrets":  `{ token: await secrets.get('token') }`,
		"token from a late read": `{ token: () => secrets.get('token') }`,
	}
	rightKeys = map[string]string{
		"keys":                 `{ iam: ` + keysLiteral + ` }`,
		"keys of a session":    `{ iam: { ...` + keysLiteral + `, sessionToken: 'session' } }`,
		"keys of a function":   `{ iam: () => (` + keysLiteral + `) }`,
		"default keys":         `{ iam: { region: 'eu-west-1' } }`,
		"keys from k6/secrets": `{ iam: { ...` + keysLiteral + `, secretAccessKey: await secrets.get('secret') } }`,
		"keys from late reads": `{ iam: async () => ({ ...` + keysLiteral + `, secretAccessKey: await secrets.get('secret') }) }`,
	}
)

// secretSource is where k6/secrets has the credentials from.
const secretSource = "--secret-source=mock=key=da2-key,token=jwt,secret=wJalr"

// scripted returns a script that finds everything imported which credentials come from.
func scripted(t *testing.T, g *server, text string) string {
	t.Helper()
	return written(t, `
		import http from 'k6/http';
		import secrets from 'k6/secrets';
		const TOKENS = '`+strings.TrimSuffix(g.appsync(), "/graphql")+`/token';
		const SUBSCRIBED = { subscription: { query: 'subscription { onCreateRoom { id title } }' } };
		`+text)
}

// TestCredentials: whoever has a key, a token or keys is let in, wherever they come from and
// whatever carries them.
func TestCredentials(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	settings := g.env("AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=wJalr", "AWS_EC2_METADATA_DISABLED=true", secretSource)
	t.Run("AppSync", func(t *testing.T) {
		t.Parallel()
		var clients []string
		for _, rights := range []map[string]string{rightAPIKeys, rightTokens, rightKeys} {
			for _, auth := range rights {
				for _, form := range []string{"subprotocol", "query", "headers"} {
					clients = append(clients, fmt.Sprintf(`new appsync.Client('%s', { auth: %s, credentials: '%s', ...SUBSCRIBED })`, g.appsync(), auth, form))
				}
			}
		}
		o := k6(t, scripted(t, g, `
			const clients = [`+strings.Join(clients, ",\n")+`];
			export default async function () {
				const listening = clients.map((client) => client.listen({ connections: 2, duration: '10s' }));
				for (const client of clients) {
					const host = await client.connect();
					await host.subscribe();
					await host.close();
					await client.graphql({ query: '{ __typename }' });
				}
				await Promise.all(listening);
			}`), settings...)
		o.requireClean(t)
		o.requireCounts(t, map[string]int{"subscribed_success_counter": 3 * len(clients)})
	})
	t.Run("AppSync Events", func(t *testing.T) {
		t.Parallel()
		var clients []string
		for _, rights := range []map[string]string{rightAPIKeys, rightTokens, rightKeys} {
			for _, auth := range rights {
				for _, form := range []string{"subprotocol", "headers"} {
					clients = append(clients, fmt.Sprintf(`new events.Client('%s', { auth: %s, credentials: '%s', channel: 'default/a' })`, g.events(), auth, form))
				}
			}
		}
		o := k6(t, scripted(t, g, `
			const clients = [`+strings.Join(clients, ",\n")+`];
			export default async function () {
				const listening = clients.map((client) => client.listen({ connections: 2, duration: '10s' }));
				for (const client of clients) {
					const host = await client.connect();
					await host.subscribe();
					await host.publish(['<&>', { a: 'ä' }]);
					await host.close();
					await client.publish(['<&>', { a: 'ä' }]);
				}
				await Promise.all(listening);
			}`), settings...)
		o.requireCounts(t, map[string]int{"subscribed_success_counter": 3 * len(clients), "pushgw_connect_failed": 0})
		require.NotContains(t, o.values("ResponseSuccessRate"), 0.0)
	})
	t.Run("API Gateway", func(t *testing.T) {
		t.Parallel()
		var clients []string
		for _, rights := range []map[string]string{rightTokens, rightKeys} {
			for _, auth := range rights {
				for _, form := range []string{"headers", "query"} {
					clients = append(clients, fmt.Sprintf(`new apigw.Client('%s', { auth: %s, credentials: '%s' })`, g.apigw(), auth, form))
				}
			}
		}
		for _, auth := range rightAPIKeys {
			clients = append(clients, fmt.Sprintf(`new apigw.Client('%s', { auth: %s })`, g.apigw(), auth))
		}
		o := k6(t, scripted(t, g, `
			const clients = [`+strings.Join(clients, ",\n")+`];
			export default async function () {
				await Promise.all(clients.map((client) => client.listen({ connections: 2, duration: '10s' })));
			}`), settings...)
		o.requireClean(t)
		o.requireCounts(t, map[string]int{"joined_success_counter": 2 * len(clients)})
	})
}

// refused is what becomes of wrong credentials: the name and the code of connect()'s error, and
// on AppSync of graphql()'s, with something of their texts.
type refused struct {
	auth             string
	connect, request string
}

// TestWrongCredentialsOnAppSync: whatever is wrong with credentials is said in AWS's words, by
// error, log and metrics, whatever carries them.
func TestWrongCredentialsOnAppSync(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	const notAuthorized = "Unauthorized: You are not authorized to make this call."
	cases := map[string]refused{
		"key":           {`auth: { apiKey: 'hidden' }`, "HandshakeError 401 " + notAuthorized, "GatewayError 401 " + notAuthorized},
		"token":         {`auth: { token: 'hidden' }`, "HandshakeError 401 Unauthorized: ", "GatewayError 401 Unauthorized: "},
		"expired token": {`auth: { token: async () => (await http.asyncRequest('GET', TOKENS + '?expires=-1s')).body }`, "HandshakeError 401 Unauthorized: Token has expired.", "GatewayError 401 Unauthorized: Token has expired."},
		"access key":    {`auth: { iam: { ...` + keysLiteral + `, accessKeyId: 'hidden' } }`, "HandshakeError 401 " + notAuthorized, "GatewayError 403 UnrecognizedClient: "},
		"secret":        {`auth: { iam: { ...` + keysLiteral + `, secretAccessKey: 'hidden' } }`, "HandshakeError 400 BadRequest: The request signature we calculated", "GatewayError 403 InvalidSignature: The request signature we calculated"},
		"region":        {`auth: { iam: { ...` + keysLiteral + `, region: 'us-east-1' } }`, "HandshakeError 400 BadRequest: Credential should be scoped", "GatewayError 403 InvalidSignature: Credential should be scoped"},
	}
	hosts := map[string]refused{
		"key":   {`auth: { apiKey: 'da2-key' }, host: 'hidden'`, "HandshakeError 400 HttpNotFound", ""},
		"token": {`auth: { token: 'jwt' }, host: 'hidden'`, "HandshakeError 400 HttpNotFound", ""},
		"keys":  {`auth: { iam: ` + keysLiteral + ` }, host: 'hidden'`, "HandshakeError 400 HttpNotFound", "GatewayError 403 InvalidSignature"},
	}
	for _, form := range []string{"subprotocol", "query", "headers"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			for _, client := range []string{
				"new appsync.Client('" + g.appsync() + "', { ...SUBSCRIBED, credentials: '" + form + "', ",
				"new events.Client('" + g.events() + "', { channel: 'default/a', credentials: '" + form + "', ",
			} {
				requireRefused(t, g, client, cases)
				if form != "headers" { // whose Host is the local gateway's own, whatever it is
					requireRefused(t, g, client, hosts)
				}
			}
		})
	}
}

// TestWrongCredentialsOnAPIGateway is the same for API Gateway, which says little.
func TestWrongCredentialsOnAPIGateway(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	const forbidden, unauthorized = `ConnectError 403 {"message":"Forbidden"}`, `ConnectError 401 {"message":"Unauthorized"}`
	cases := map[string]refused{
		"token":         {`auth: { token: 'hidden' }`, forbidden, ""},
		"expired token": {`auth: { token: async () => (await http.asyncRequest('GET', TOKENS + '?expires=-1s')).body }`, forbidden, ""},
		"access key":    {`auth: { iam: { ...` + keysLiteral + `, accessKeyId: 'hidden' } }`, forbidden, ""},
		"secret":        {`auth: { iam: { ...` + keysLiteral + `, secretAccessKey: 'hidden' } }`, forbidden, ""},
		"region":        {`auth: { iam: { ...` + keysLiteral + `, region: 'us-east-1' } }`, forbidden, ""},
	}
	for _, form := range []string{"headers", "query"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			requireRefused(t, g, "new apigw.Client('"+g.apigw()+"', { credentials: '"+form+"', ", cases)
		})
	}
	t.Run("key, or none", func(t *testing.T) {
		t.Parallel()
		requireRefused(t, g, "new apigw.Client('"+g.apigw()+"', { ", map[string]refused{
			"key": {`auth: { apiKey: 'hidden' }`, forbidden, ""}, "none": {"", unauthorized, ""},
		})
	})
}

// TestCredentialsOnTheWay: a signature is for a host and a body, and for a time.
func TestCredentialsOnTheWay(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	const auth = `auth: { iam: ` + keysLiteral + ` }`
	asOther := behind(t, g, func(r *http.Request) { r.Host = "other" })
	for _, form := range []string{"headers", "query"} {
		requireRefused(t, asOther, "new apigw.Client('"+asOther.apigw()+"', { credentials: '"+form+"', ", map[string]refused{
			"another host": {auth, `ConnectError 403 {"message":"Forbidden"}`, ""},
		})
	}
	tampered := behind(t, g, func(r *http.Request) {
		if r.Method == http.MethodPost {
			replaceBody(t, r, "__typename", "__typeName")
		}
	})
	o := k6(t, scripted(t, tampered, `
		const client = new appsync.Client('`+tampered.appsync()+`', { `+auth+`, host: '`+g.address+`' });
		`+caughtFunction+`
		export default async function () { console.log(JSON.stringify(await caught(() => client.graphql({ query: '{ __typename }' })))); }`))
	require.Regexp(t, "^GatewayError 403 InvalidSignature: The request signature we calculated", o.said(t, 1)[0].Get("error").Str)
}

// TestFramesChangedOnTheWay: what a connection sends is signed, too.
func TestFramesChangedOnTheWay(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	changed := retouched(t, g, "Room", "Hall")
	o := k6(t, scripted(t, changed, `
		const options = { auth: { iam: `+keysLiteral+` }, host: '`+g.address+`' };
		const graphql = new appsync.Client('`+changed.appsync()+`', { ...options, ...SUBSCRIBED });
		const api = new events.Client('`+changed.events()+`', { ...options, channel: 'default/Room' });
		`+caughtFunction+`
		export default async function () {
			for (const [client, use] of [[graphql, (c) => c.subscribe()], [api, (c) => c.subscribe()], [api, (c) => c.publish([1])]]) {
				const connection = await client.connect();
				console.log(JSON.stringify(await caught(() => use(connection))));
				await connection.close();
			}
		}`))
	for _, said := range o.said(t, 3) {
		require.Regexp(t, "^GatewayError 400 BadRequest: The request signature we calculated", said.Get("error").Str)
	}
}

// TestSecretsInArchives: `k6 archive` keeps what it is given on the command line or told to take
// from the environment, and nothing else: neither a variable of the environment nor a secret.
func TestSecretsInArchives(t *testing.T) {
	t.Parallel()
	script := written(t, `
		import secrets from 'k6/secrets';
		const clients = [{ apiKey: __ENV.API_KEY || 'none' }, { token: await secrets.get('token') }]
			.map((auth) => new appsync.Client('https://h/graphql', { auth }));
		export default function () {}`)
	for name, row := range map[string]struct {
		flags []string
		kept  bool
	}{
		"environment":        {nil, false},
		"on purpose":         {[]string{"--include-system-env-vars"}, true},
		"command line":       {[]string{"--env", "API_KEY=hidden"}, true},
		"not on the archive": {[]string{"--env", "API_KEY=hidden", "--exclude-env-vars"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive := filepath.Join(t.TempDir(), "archive.tar")
			run := exec.CommandContext(t.Context(), binary(t),
				append([]string{"archive", "--archive-out", archive, "--secret-source=mock=token=hushed", script}, row.flags...)...)
			run.Env = []string{"HOME=" + t.TempDir(), "K6_AUTO_EXTENSION_RESOLUTION=false", "API_KEY=hidden"}
			output, err := run.CombinedOutput()
			require.NoError(t, err, "%s", output)
			content := read(t, archive)
			require.Equal(t, row.kept, strings.Contains(content, "hidden"))
			require.NotContains(t, content, "hushed")
			require.NotContains(t, string(output), "hidden")
		})
	}
}
