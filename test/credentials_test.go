package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What each kind of credentials is, for a gateway that takes exactly these.
var (
	guarded = []string{"--token", "jwt", "--access-key-id", "AKID", "--secret-access-key", "wJalr", "--region", "eu-west-1"}
	byToken = `{ token: () => 'jwt' }`
	byKeys  = `{ iam: { accessKeyId: 'AKID', secretAccessKey: 'wJalr', region: 'eu-west-1' } }`
	byChain = `{ iam: { region: 'eu-west-1' } }`
)

// TestCredentials: whoever has a token or keys is let in, wherever the keys come from.
func TestCredentials(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	settings := g.env("AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=wJalr", "AWS_EC2_METADATA_DISABLED=true")
	for name, auth := range map[string]string{"token": byToken, "keys": byKeys, "default keys": byChain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := k6(t, written(t, `
				const rooms = ['headers', 'query'].map((credentials) =>
					new apigw.Client('`+g.apigw()+`', { auth: `+auth+`, credentials, room: credentials }));
				const apis = ['subprotocol', 'query'].map((credentials) => new appsync.Client('`+g.appsync()+`', {
					auth: `+auth+`, credentials,
					subscription: { query: 'subscription { onCreateRoom { id title } }' },
					mutation: { query: 'mutation($t: String!) { createRoom(input: { title: $t }) { id title } }', variables: { t: '{{stamp}}' } },
				}));
				export default async function () {
					const listening = [...rooms, ...apis].map((client) => client.listen({ connections: 2, duration: '3s' }));
					await apis[0].graphql({ query: '{ __typename }' });
					await Promise.all(listening);
				}`), settings...)
			o.requireClean(t)
			o.requireCounts(t, map[string]int{"joined_success_counter": 4, "subscribed_success_counter": 4, "http_reqs status=200": 1})
		})
	}
}

// TestNoCredentials: without any nothing is dialled, and the end of the test says how often.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	g := serve(t, guarded...)
	o := k6(t, written(t, `
		const client = new apigw.Client('`+g.apigw()+`', { auth: `+byChain+` });
		export default async function () { await client.listen({ connections: 2, duration: '1s' }); }`),
		g.env("AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=",
			"AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/nowhere")...)
	o.requireCounts(t, map[string]int{"pushgw_connect_failed phase=credentials": 2})
	require.Zero(t, g.stats(t).APIGateway.Refused)
}
