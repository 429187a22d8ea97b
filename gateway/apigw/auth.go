package apigw

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
)

// authorize returns the status with which a request to connect is refused and why, or 200. A
// key is in a header, the other kinds of credentials are there or in the query
// (apigateway-websocket-api-control-access).
func (g *Gateway) authorize(r *http.Request) (status int, why string) {
	access := g.config.Access
	wantsToken, wantsSignature := access.Token != "" || access.Issuer != nil, access.Keys.AccessKeyID != ""
	if !wantsToken && !wantsSignature && access.APIKey == "" {
		return http.StatusOK, ""
	}
	header, query, key := r.Header.Get("Authorization"), r.URL.Query(), r.Header.Get("X-Api-Key")
	switch {
	case access.APIKey != "" && key != "":
		if key == access.APIKey {
			return http.StatusOK, ""
		}
		return http.StatusForbidden, "the x-api-key is another than that of --api-key"
	case sigv4.IsSigned(header) || query.Has("X-Amz-Signature"):
		return statusOfSignature(access.Keys.Verify("execute-api", sigv4.FromHTTP(r, nil), time.Now()))
	case wantsToken && header == "" && !query.Has("token"):
		// The authorizer isn't asked when its identity source is absent.
		return http.StatusUnauthorized, "there is no header Authorization, and no token in the query"
	case !wantsToken:
		return http.StatusForbidden, "there is no signature or API key, as is demanded"
	default:
		return g.statusOfTokens(header, query.Get("token"))
	}
}

// statusOfSignature is the status for who has signed, where that is what is wrong.
func statusOfSignature(wrong error) (status int, why string) {
	if wrong == nil {
		return http.StatusOK, ""
	}
	problem := new(sigv4.Error)
	errors.As(wrong, &problem)
	text, _, _ := strings.Cut(problem.Message, "\n") // what follows has the request in it
	return http.StatusForbidden, text
}

// statusOfTokens is the status for who shows tokens, of which one must be good.
func (g *Gateway) statusOfTokens(inHeader, inQuery string) (status int, why string) {
	ofHeader, ofQuery := g.config.Access.CheckToken(inHeader), g.config.Access.CheckToken(inQuery)
	switch {
	case ofHeader == nil || ofQuery == nil:
		return http.StatusOK, ""
	case inHeader != "":
		return http.StatusForbidden, "the token in the header Authorization is refused: " + ofHeader.Message
	default:
		return http.StatusForbidden, "the token in the query is refused: " + ofQuery.Message
	}
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
