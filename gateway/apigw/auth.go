package apigw

import (
	"net/http"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// authorize returns the status with which a request to connect is refused, or 200. Both
// kinds of credentials may be in the header or in the query
// (apigateway-websocket-api-control-access).
func (g *Gateway) authorize(r *http.Request) int {
	access := g.config.Access
	wantsToken, wantsSignature := access.Token != "" || access.Issuer != nil, access.Keys.AccessKeyID != ""
	if !wantsToken && !wantsSignature {
		return http.StatusOK
	}
	header, query := r.Header.Get("Authorization"), r.URL.Query()
	switch {
	case sigv4.IsSigned(header) || query.Has("X-Amz-Signature"):
		if access.Keys.Verify("execute-api", sigv4.FromHTTP(r, nil), time.Now()) != nil {
			return http.StatusForbidden
		}
		return http.StatusOK
	case wantsToken && header == "" && !query.Has("token"):
		return http.StatusUnauthorized // the authorizer isn't asked when its identity source is absent
	case access.CheckToken(header) == nil || access.CheckToken(query.Get("token")) == nil:
		return http.StatusOK
	default:
		return http.StatusForbidden
	}
}
