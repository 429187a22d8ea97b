// Package auth decides whom the gateways let in. AppSync's two APIs share all of it, and
// API Gateway's authorizer shares the tokens and the signatures.
package auth

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/tidwall/gjson"
)

// Policy is who is let in: whoever has one of these. What is empty lets in nobody.
type Policy struct {
	APIKey string
	Token  string // what a Lambda authorizer accepts
	Keys   sigv4.Keys
	Issuer *Issuer // whose JSON Web Tokens are accepted; may be nil
}

// CheckUpgrade returns what is wrong with the credentials of a WebSocket upgrade, or nil.
// The path is the one that signatures are for.
func (p Policy) CheckUpgrade(r *http.Request, path string) *Problem {
	given, wrong := ofUpgrade(r)
	if wrong != nil {
		return wrong
	}
	return p.authorize(given, r.Host, path, []byte("{}")).inRealTime()
}

// CheckMessage returns what is wrong with the authorization object of a message over
// WebSocket, or nil. A signature must be for the path and the body.
func (p Policy) CheckMessage(object gjson.Result, host, path string, body []byte) *Problem {
	return p.authorize(read(object), host, path, body).inRealTime()
}

// CheckRequest returns what is wrong with the credentials of an HTTP request, or nil.
func (p Policy) CheckRequest(r *http.Request, body []byte) *Problem {
	given := ofFields(sigv4.Header(r))
	if given.signed == nil {
		return p.checkSecret(given)
	}
	return p.checkSignature(sigv4.FromHTTP(r, body))
}

// CheckToken returns what is wrong with a token, or nil.
func (p Policy) CheckToken(token string) *Problem {
	switch {
	case token == "":
		return &unauthorized
	case token == p.Token:
		return nil
	case p.Issuer != nil:
		return p.Issuer.check(token)
	default:
		return &unauthorized
	}
}

// authorize returns what is wrong with credentials for the given host, or nil.
func (p Policy) authorize(c credentials, host, path string, body []byte) *Problem {
	if !sameHost(c.host, host) {
		return &Problem{
			Type: "com.amazon.coral.service.http#HttpNotFoundException", Code: http.StatusBadRequest,
		}
	}
	if c.signed == nil {
		return p.checkSecret(c)
	}
	// What is signed is a POST, though none is sent.
	return p.checkSignature(sigv4.Request{Method: http.MethodPost, Path: path, Header: c.signed, Body: body})
}

// checkSecret returns what is wrong with an API key or a token, or nil.
func (p Policy) checkSecret(c credentials) *Problem {
	if c.key == "" {
		return p.CheckToken(c.token)
	}
	if c.key == p.APIKey {
		return nil
	}
	return &unauthorized
}

// checkSignature returns what is wrong with a signature, or nil.
func (p Policy) checkSignature(r sigv4.Request) *Problem {
	err := p.Keys.Verify("appsync", r, time.Now())
	var wrong *sigv4.Error
	if !errors.As(err, &wrong) {
		return nil
	}
	return &Problem{Type: wrong.Type, Message: wrong.Message, Code: http.StatusForbidden}
}

// sameHost reports whether two hosts are the same. The port may be left out of
// given, as on AWS, where hosts have none.
func sameHost(given, host string) bool {
	if strings.EqualFold(given, host) {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	return err == nil && strings.EqualFold(given, name)
}
