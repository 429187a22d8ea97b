package appsync

import (
	"encoding/base64"
	"net"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
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

// credentials are the host and the API key of an authorization object
// (real-time-websocket-client.html, "Header parameter format").
type credentials struct {
	host, key string
}

// authorizeKey returns what is wrong with an API key, or nil.
func (g *Gateway) authorizeKey(key string) *problem {
	if key == g.config.APIKey {
		return nil
	}
	return &problem{
		Type: "UnauthorizedException", Message: "You are not authorized to make this call.",
		Code: http.StatusUnauthorized,
	}
}

// authorize returns what is wrong with credentials for the given host, or nil.
func (g *Gateway) authorize(c credentials, host string) *problem {
	if !sameHost(c.host, host) {
		return &problem{
			Type: "com.amazon.coral.service.http#HttpNotFoundException", Code: http.StatusBadRequest,
		}
	}
	return g.authorizeKey(c.key)
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
	return credentials{host: r.Host, key: r.Header.Get("x-api-key")}, nil
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
func read(object gjson.Result) (c credentials) {
	object.ForEach(func(name, value gjson.Result) bool {
		switch strings.ToLower(name.Str) {
		case "host":
			c.host = value.Str
		case "x-api-key":
			c.key = value.Str
		}
		return true
	})
	return c
}
