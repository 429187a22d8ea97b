package appsync

import (
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/tidwall/gjson"
)

// problem is an error in AppSync's words, in an HTTP body or in a frame.
type problem struct {
	Type    string `json:"errorType,omitempty"`
	Message string `json:"message,omitempty"`
	Code    int    `json:"errorCode,omitempty"`
}

type problems struct {
	Errors []problem `json:"errors"`
}

// credentials are what an authorization object or a header has in it
// (real-time-websocket-client.html, "Header parameter format").
type credentials struct {
	host, key, token string
	// signed are the header fields that a signature may cover, by names in lower case; nil
	// if there is no signature.
	signed map[string]string
}

// authorize returns what is wrong with credentials for the given host, or nil. The path
// and the body are what a signature covers.
func (g *Gateway) authorize(c credentials, host, path string, body []byte) *problem {
	if !sameHost(c.host, host) {
		return &problem{
			Type: "com.amazon.coral.service.http#HttpNotFoundException", Code: http.StatusBadRequest,
		}
	}
	if c.signed == nil {
		return g.authorizeSecret(c)
	}
	// What is signed is a POST, though none is sent.
	return g.authorizeSignature(sigv4.Request{Method: http.MethodPost, Path: path, Header: c.signed, Body: body})
}

// authorizeSecret returns what is wrong with an API key or a token, or nil.
func (g *Gateway) authorizeSecret(c credentials) *problem {
	if c.key == g.config.APIKey || c.key == "" && c.token != "" && c.token == g.config.Token {
		return nil
	}
	return &unauthorized
}

var unauthorized = problem{
	Type: "UnauthorizedException", Message: "You are not authorized to make this call.",
	Code: http.StatusUnauthorized,
}

// authorizeSignature returns what is wrong with a signature, or nil.
func (g *Gateway) authorizeSignature(r sigv4.Request) *problem {
	err := g.config.Keys.Verify("appsync", r, time.Now())
	var wrong *sigv4.Error
	if !errors.As(err, &wrong) {
		return nil
	}
	return &problem{Type: wrong.Type, Message: wrong.Message, Code: http.StatusForbidden}
}

// inRealTime returns a problem as a connection has it, where what is wrong with a signature
// has another type than over HTTP.
func (p *problem) inRealTime() *problem {
	if p == nil || p.Code != http.StatusForbidden {
		return p
	}
	if p.Type == "UnrecognizedClientException" {
		return &unauthorized
	}
	return &problem{Type: "BadRequestException", Message: p.Message, Code: http.StatusBadRequest}
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

// credentialsOf returns the credentials of an upgrade. They are in the query, in a
// subprotocol, or in HTTP headers.
func credentialsOf(r *http.Request) (credentials, *problem) {
	if text := r.URL.Query().Get("header"); text != "" {
		// Clients that don't escape base64's + send what a query reads as a space.
		text = strings.TrimRight(strings.ReplaceAll(text, " ", "+"), "=")
		return decode(base64.RawStdEncoding, text)
	}
	for _, name := range websocket.Subprotocols(r) {
		if text, ok := strings.CutPrefix(name, "header-"); ok {
			return decode(base64.RawURLEncoding, strings.TrimRight(text, "="))
		}
	}
	if r.Header.Get("x-api-key") == "" && r.Header.Get("Authorization") == "" {
		return credentials{}, &problem{Message: "Required headers are missing.", Code: http.StatusBadRequest}
	}
	return ofHeader(r), nil
}

// ofHeader returns the credentials in an HTTP header.
func ofHeader(r *http.Request) credentials {
	return ofFields(sigv4.Header(r))
}

// decode returns the credentials of an encoded authorization object.
func decode(encoding *base64.Encoding, text string) (credentials, *problem) {
	object, err := encoding.DecodeString(text)
	if err != nil || !gjson.ValidBytes(object) {
		return credentials{}, &problem{
			Type: "BadRequestException", Message: "Unable to parse the authorization header.", Code: http.StatusBadRequest,
		}
	}
	c := read(gjson.ParseBytes(object))
	if c.host == "" {
		return c, &problem{Message: "Required headers are missing.", Code: http.StatusBadRequest}
	}
	return c, nil
}

// read returns the credentials of an authorization object. Case doesn't matter in
// the names of its members.
func read(object gjson.Result) credentials {
	fields := map[string]string{}
	object.ForEach(func(name, value gjson.Result) bool {
		fields[strings.ToLower(name.Str)] = value.Str
		return true
	})
	return ofFields(fields)
}

// ofFields returns the credentials of header fields, by names in lower case.
func ofFields(fields map[string]string) credentials {
	c := credentials{host: fields["host"], key: fields["x-api-key"], token: fields["authorization"]}
	if sigv4.IsSigned(c.token) && c.key == "" {
		c.token, c.signed = "", fields
	}
	return c
}
