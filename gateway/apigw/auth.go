package apigw

import (
	"errors"
	"net/http"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// authorize returns the status with which a request to connect is refused, or 200. A key is
// in a header, the other kinds of credentials are there or in the query
// (apigateway-websocket-api-control-access).
func (g *Gateway) authorize(r *http.Request) int {
	access := g.config.Access
	wantsToken, wantsSignature := access.Token != "" || access.Issuer != nil, access.Keys.AccessKeyID != ""
	if !wantsToken && !wantsSignature && access.APIKey == "" {
		return http.StatusOK
	}
	header, query, key := r.Header.Get("Authorization"), r.URL.Query(), r.Header.Get("X-Api-Key")
	switch {
	case access.APIKey != "" && key != "":
		return statusFor(key == access.APIKey)
	case sigv4.IsSigned(header) || query.Has("X-Amz-Signature"):
		return statusFor(access.Keys.Verify("execute-api", sigv4.FromHTTP(r, nil), time.Now()) == nil)
	case wantsToken && header == "" && !query.Has("token"):
		return http.StatusUnauthorized // the authorizer isn't asked when its identity source is absent
	default:
		return statusFor(access.CheckToken(header) == nil || access.CheckToken(query.Get("token")) == nil)
	}
}

// statusFor is the status for whoever shows credentials.
func statusFor(good bool) int {
	if good {
		return http.StatusOK
	}
	return http.StatusForbidden
}

// authorizeManager returns what is wrong with the signature of a request to @connections,
// or nil. It must be in the header, as SDKs sign.
func (g *Gateway) authorizeManager(r *http.Request, body []byte) *sigv4.Error {
	if g.config.Access.Keys.AccessKeyID == "" {
		return nil
	}
	if !sigv4.IsSigned(r.Header.Get("Authorization")) {
		return &sigv4.Error{Type: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	var wrong *sigv4.Error
	errors.As(g.config.Access.Keys.Verify("execute-api", sigv4.FromHTTP(r, body), time.Now()), &wrong)
	return wrong
}
