package pushgw

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	static "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/grafana/sobek"
	"golang.org/x/net/http/httpguts"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

// authKinds are the kinds of credentials, by their keys in the option auth.
var authKinds = []string{"apiKey", "token", "iam"}

// readCredentials reads what a client of an API proves its right with. The service and
// the host are what a signature covers. No message shows any secret.
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
	switch given[0] {
	case "apiKey":
		return credentials.APIKey(auth.secret("apiKey"))
	case "token":
		return auth.token()
	default:
		return auth.iam(service, host)
	}
}

// orNone lists words.
func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " and ")
}

// token reads a token, or the function that returns one for each connection.
func (o *options) token() credentials.Credentials {
	value, _ := o.raw("token")
	call, isFunction := sobek.AssertFunction(value)
	if !isFunction {
		return credentials.Token(o.secret("token"))
	}
	return credentials.TokenFunc(func(ctx context.Context) (credentials.Token, error) {
		return askScript(ctx, func() (credentials.Token, error) {
			returned, err := call(sobek.Undefined())
			if err != nil {
				return "", err
			}
			text, ok := returned.Export().(string)
			if !ok || !isSecret(text) {
				return "", scriptErrorf(nameUsageError, "the function \"token\" must return a string that a header can carry, not %s",
					kindOfToken(returned))
			}
			return credentials.Token(text), nil
		})
	})
}

// kindOfToken says what a function returned in place of a token.
func kindOfToken(value sobek.Value) string {
	switch exported := value.Export().(type) {
	case *sobek.Promise:
		return "a promise"
	case string:
		if exported == "" {
			return "an empty one"
		}
		return "one with other characters"
	default:
		return kind(exported)
	}
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
	if !isSecret(text) {
		o.fail(key, "must not be empty, and have no characters that a header can't have")
	}
	return text
}

func isSecret(text string) bool { return text != "" && httpguts.ValidHeaderFieldValue(text) }
