package pushgw

import (
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

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

// useAppSync has a client with these options do all that a client of AppSync can do, and
// returns how many of its three listeners have heard its broadcast.
func (w *world) useAppSync(options string) any {
	w.Helper()
	return w.vu().run(`
		const client = new appsync.Client('` + graphqlURL + `', { ` + options + `,
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
}
