package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Issuer makes JSON Web Tokens like a Cognito user pool's access tokens, with a key that
// exists only as long as the process.
type Issuer struct {
	url string
	key *ecdsa.PrivateKey
}

// NewIssuer returns an issuer with a new key. The URL is what its tokens name as the issuer.
func NewIssuer(url string) *Issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // it never fails for this curve and this reader
	}
	return &Issuer{url: url, key: key}
}

// Token returns a token for a user. It has expired already if the time is negative.
func (i *Issuer) Token(user string, expires time.Duration) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": i.url, "sub": user, "username": user, "token_use": "access",
		"iat": now.Unix(), "exp": now.Add(expires).Unix(),
	}).SignedString(i.key)
}

// check returns what is wrong with a token, or nil: its signature, its issuer or its time.
func (i *Issuer) check(token string) *Problem {
	_, err := jwt.Parse(strings.TrimPrefix(token, "Bearer "),
		func(*jwt.Token) (any, error) { return &i.key.PublicKey, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}), jwt.WithIssuer(i.url), jwt.WithExpirationRequired())
	wrong := unauthorized
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenMalformed):
		wrong.Message = "Unable to parse JWT token."
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidIssuer):
		wrong.Message = "Token has expired."
	}
	return &wrong
}
