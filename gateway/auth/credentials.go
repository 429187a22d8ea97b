package auth

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway/sigv4"
	"github.com/tidwall/gjson"
)

// credentials are what an authorization object or a header has in it
// (real-time-websocket-client.html, "Header parameter format").
type credentials struct {
	host, key, token string
	// signed are the header fields that a signature may cover, by names in lower case; nil
	// if there is no signature.
	signed map[string]string
}

// ofUpgrade returns the credentials of an upgrade. They are in the query, in a
// subprotocol, or in HTTP headers.
func ofUpgrade(r *http.Request) (credentials, *Problem) {
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
		return credentials{}, &Problem{Message: "Required headers are missing.", Code: http.StatusBadRequest}
	}
	return ofFields(sigv4.Header(r)), nil
}

// decode returns the credentials of an encoded authorization object.
func decode(encoding *base64.Encoding, text string) (credentials, *Problem) {
	object, err := encoding.DecodeString(text)
	if err != nil || !gjson.ValidBytes(object) {
		return credentials{}, &Problem{
			Type: "BadRequestException", Message: "Unable to parse the authorization header.", Code: http.StatusBadRequest,
		}
	}
	c := read(gjson.ParseBytes(object))
	if c.host == "" {
		return c, &Problem{Message: "Required headers are missing.", Code: http.StatusBadRequest}
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
