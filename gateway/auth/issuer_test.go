package auth

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

func TestTokensOfAnIssuer(t *testing.T) {
	t.Parallel()
	issuer := NewIssuer("http://here")
	token := func(i *Issuer, expires time.Duration) string {
		text, err := i.Token("me", expires)
		require.NoError(t, err)
		return text
	}
	good := token(issuer, time.Hour)
	elsewhere := &Issuer{url: "http://elsewhere", key: issuer.key}
	forever, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"iss": "http://here"}).SignedString(issuer.key)
	require.NoError(t, err)
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": "http://here", "exp": 1 << 40}).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	parts := strings.Split(good, ".")
	tampered := parts[0] + "." + strings.Split(token(issuer, 2*time.Hour), ".")[1] + "." + parts[2]

	const refused, expired, unreadable = "You are not authorized to make this call.", "Token has expired.", "Unable to parse JWT token."
	policy := Policy{Token: "t", Issuer: issuer}
	for name, row := range map[string]struct{ token, wrong string }{
		"good":                       {good, ""},
		"with a prefix":              {"Bearer " + good, ""},
		"the other kind of token":    {"t", ""},
		"expired":                    {token(issuer, -time.Second), expired},
		"expired, another issuer":    {token(elsewhere, -time.Second), refused},
		"another issuer, same key":   {token(elsewhere, time.Hour), refused},
		"another key, same issuer":   {token(NewIssuer("http://here"), time.Hour), refused},
		"tampered":                   {tampered, refused},
		"without a time":             {forever, refused},
		"without a signature":        {unsigned, refused},
		"cut off":                    {good[:20], unreadable},
		"no token at all":            {"word", unreadable},
		"the prefix without a token": {"Bearer ", unreadable},
		"nothing":                    {"", refused},
	} {
		wrong := policy.CheckToken(row.token)
		if row.wrong == "" {
			require.Nil(t, wrong, name)
			continue
		}
		require.Equal(t, &Problem{Type: "UnauthorizedException", Message: row.wrong, Code: http.StatusUnauthorized}, wrong, name)
	}
}

// A script may read what a Cognito token says of its user.
func TestClaims(t *testing.T) {
	t.Parallel()
	issuer := NewIssuer("http://here")
	text, err := issuer.Token("me", time.Hour)
	require.NoError(t, err)
	claims := jwt.MapClaims{}
	_, _, err = jwt.NewParser().ParseUnverified(text, claims)
	require.NoError(t, err)
	require.Equal(t, []any{"http://here", "me", "me", "access"}, []any{claims["iss"], claims["sub"], claims["username"], claims["token_use"]})
	require.Equal(t, time.Hour.Seconds(), claims["exp"].(float64)-claims["iat"].(float64))
}
