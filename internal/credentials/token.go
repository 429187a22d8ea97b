package credentials

import (
	"context"
	"net/url"
)

// Token is shown to whatever checks it behind the gateway: a Cognito user pool, a
// provider of OpenID Connect, or a Lambda authorizer. It is sent as it is, with "Bearer "
// before it only if it has that in it.
type Token string

var _ QueryCredentials = Token("")

// Authorize implements Credentials.
func (t Token) Authorize(context.Context, Request) ([]Field, error) {
	return []Field{{Name: "Authorization", Value: string(t)}}, nil
}

// AuthorizeQuery implements QueryCredentials.
func (t Token) AuthorizeQuery(_ context.Context, request Request, parameter string) (*url.URL, error) {
	return WithParameter(request.URL, parameter, string(t)), nil
}

// Constant implements Credentials: it is the same token for all.
func (Token) Constant() bool { return true }
