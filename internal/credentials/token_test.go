package credentials

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokenOnAppSync(t *testing.T) {
	t.Parallel()
	a := &AppSync{Credentials: Token("jwt"), URL: parseURL(t, "https://h/graphql"), Host: "h", Subprotocol: "graphql-ws"}
	object, err := a.Frame(t.Context(), "{}")
	require.NoError(t, err)
	assert.Equal(t, `{"host":"h","Authorization":"jwt"}`, string(object))
	assert.True(t, a.Constant())
}

// Each request has a token of its own, if the function that is asked wants it so.
func TestTokenFunc(t *testing.T) {
	t.Parallel()
	asked := 0
	next := TokenFunc(func(context.Context) (Token, error) {
		asked++
		return Token(fmt.Sprintf("t%d", asked)), nil
	})
	request := Request{URL: parseURL(t, "https://h/dev")}
	fields, err := next.Authorize(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, []Field{{"Authorization", "t1"}}, fields)
	u, err := next.AuthorizeQuery(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, "https://h/dev?token=t2", u.String())
	assert.False(t, next.Constant())

	expired := errors.New("expired")
	none := TokenFunc(func(context.Context) (Token, error) { return "", expired })
	_, err = none.Authorize(t.Context(), request)
	require.ErrorIs(t, err, expired)
	_, err = none.AuthorizeQuery(t.Context(), request)
	require.ErrorIs(t, err, expired)
}
