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
