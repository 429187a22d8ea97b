package pushgw

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	static "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/grafana/sobek"
	"golang.org/x/net/http/httpguts"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

// authKinds are the kinds of credentials, by their keys in the option auth.
var authKinds = []string{"apiKey", "token", "iam"}

// readCredentials reads what a client of an API proves its right with, or the function that
// returns it for each connection. The service and the host are what a signature covers. No
// message shows any secret.
func readCredentials(o *options, service, host string) credentials.Credentials {
	auth := o.section("auth")
	defer func() { o.merge(auth) }()
	var given []string
	for _, kind := range authKinds {
		if _, ok := auth.raw(kind); ok {
			given = append(given, kind)
		}
	}
	if len(given) != 1 {
		if auth.done() == nil { // else an unknown key, probably misspelt, is what is wrong
			o.fail("auth", "must have one of %s in it, and has %s", strings.Join(authKinds, ", "), orNone(given))
		}
		return nil
	}
	return auth.perConnection(given[0], func(o *options) credentials.Credentials {
		switch given[0] {
		case "apiKey":
			return credentials.APIKey(o.secret("apiKey"))
		case "token":
			return credentials.Token(o.secret("token"))
		default:
			return o.iam(service, host)
		}
	})
}

// perConnection reads credentials from the options, or has them read from what the function
// that is there in place of a value returns for each connection.
func (o *options) perConnection(key string, read func(*options) credentials.Credentials) credentials.Credentials {
	value, _ := o.raw(key)
	call, isFunction := sobek.AssertFunction(value)
	if !isFunction {
		return read(o)
	}
	return credentials.Func(func(ctx context.Context, index int64) (credentials.Credentials, error) {
		return askScript(ctx, "the function of auth", func(rt *sobek.Runtime) (sobek.Value, error) {
			return call(sobek.Undefined(), argumentOf(rt, index))
		}, func(rt *sobek.Runtime, returned sobek.Value) (credentials.Credentials, error) {
			object := rt.NewObject()
			if err := object.Set(key, returned); err != nil {
				return nil, err
			}
			answer := readOptions(object, "what the function of auth returned")
			answer.require(key, "a function must return it, also when it is called "+calledWith(index))
			c := read(answer)
			return c, answer.done()
		})
	})
}

// argumentOf is a connection's index as a function gets it: nothing for a request that belongs
// to no connection.
func argumentOf(rt *sobek.Runtime, index int64) sobek.Value {
	if index == credentials.NoConnection {
		return sobek.Undefined()
	}
	return rt.ToValue(index)
}

// calledWith says with which index a function of auth was called.
func calledWith(index int64) string {
	if index == credentials.NoConnection {
		return "without an index, as here, for a request that belongs to no connection"
	}
	return fmt.Sprintf("with the index %d, as here", index)
}

// orNone lists words.
func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " and ")
}

// iam reads where keys come from, and what is signed with them.
func (o *options) iam(service, host string) credentials.Credentials {
	iam := o.section("iam")
	defer func() { o.merge(iam) }()
	region := iam.str("region", credentials.RegionOf(host))
	if region == "" {
		iam.fail("region", "is missing, and the host %s doesn't tell it", host)
	}
	profile := iam.str("profile", "")
	_, hasID := iam.raw("accessKeyId")
	_, hasSecret := iam.raw("secretAccessKey")
	_, hasSession := iam.raw("sessionToken")
	if !hasID && !hasSecret && !hasSession {
		return credentials.NewIAM(credentials.DefaultKeys(profile, region), service, region)
	}
	keys := aws.Credentials{AccessKeyID: iam.secret("accessKeyId"), SecretAccessKey: iam.secret("secretAccessKey")}
	if hasSession {
		keys.SessionToken = iam.secret("sessionToken")
	}
	if profile != "" {
		iam.fail("profile", "can't be given beside keys")
	}
	return credentials.NewIAM(static.StaticCredentialsProvider{Value: keys}, service, region)
}

// secret reads a string that a header can carry.
func (o *options) secret(key string) string {
	if _, ok := o.raw(key); !ok {
		o.fail(key, "is missing")
	}
	text := o.str(key, "")
	if reason := unfitForHeader(text); reason != "" {
		o.fail(key, "%s", reason)
	}
	return text
}

// unfitForHeader says why a header can't carry a secret, without showing it; empty if one can.
func unfitForHeader(secret string) string {
	if secret == "" {
		return "must not be empty"
	}
	i := strings.IndexFunc(secret, func(r rune) bool { return !httpguts.ValidHeaderFieldValue(string(r)) })
	switch {
	case i < 0:
		return ""
	case strings.TrimRight(secret[i:], "\r\n") == "":
		return "has a line break at its end, which a header can't have: trim what is read from a file"
	case secret[i] == '\n' || secret[i] == '\r':
		return "has a line break in it, which a header can't have"
	default:
		return fmt.Sprintf("has the character %U in it, which a header can't have", secret[i])
	}
}
