package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tokens returns a function that numbers what it is asked for, and counts.
func tokens(asked *int) Func {
	return func(_ context.Context, index int64) (Credentials, error) {
		*asked++
		return Token(fmt.Sprintf("t%d for %d", *asked, index)), nil
	}
}

// All that one connection sends has what its function returned once. Requests that belong
// to no connection ask for themselves.
func TestFuncOnAppSync(t *testing.T) {
	t.Parallel()
	asked := 0
	api := &AppSync{Credentials: tokens(&asked), URL: parseURL(t, "https://h/graphql"), Host: "h", Subprotocol: "graphql-ws"}
	assert.False(t, api.Constant())
	for index := int64(7); index <= 8; index++ {
		a, err := api.ForConnection(t.Context(), index)
		require.NoError(t, err)
		want := fmt.Sprintf(`{"host":"h","Authorization":"t%d for %d"}`, asked, index)
		assert.Equal(t, want, offered(t, connect(t, a, "wss://h/graphql")))
		for range 2 {
			object, err := a.Frame(t.Context(), "{}")
			require.NoError(t, err)
			assert.Equal(t, want, string(object))
		}
	}
	assert.Equal(t, 2, asked)
	for range 2 {
		header := http.Header{}
		require.NoError(t, api.Request(t.Context(), header, nil))
		assert.Equal(t, fmt.Sprintf("t%d for -1", asked), header.Get("Authorization"))
	}
	assert.Equal(t, 4, asked)
}

func TestFuncOnAPIGateway(t *testing.T) {
	t.Parallel()
	asked := 0
	a := &APIGateway{Credentials: tokens(&asked)}
	_, header, err := a.Connection(t.Context(), 7, parseURL(t, stageURL), http.Header{})
	require.NoError(t, err)
	assert.Equal(t, "t1 for 7", header.Get("Authorization"))
	a.InQuery, a.TokenParameter = true, "auth"
	u, _, err := a.Connection(t.Context(), 8, parseURL(t, stageURL), http.Header{})
	require.NoError(t, err)
	assert.Equal(t, "t2 for 8", u.Query().Get("auth"))
}

// Keys that a function returns sign as others do.
func TestFuncOfKeys(t *testing.T) {
	t.Parallel()
	keys := Func(func(context.Context, int64) (Credentials, error) { return exampleIAM(ServiceAPIGateway, ""), nil })
	for _, inQuery := range []bool{false, true} {
		a := &APIGateway{Credentials: keys, InQuery: inQuery}
		u, header, err := a.Connection(t.Context(), 0, parseURL(t, stageURL), http.Header{})
		require.NoError(t, err)
		require.NoError(t, exampleKeys.Verify("execute-api", asReceived(u, header), exampleTime))
		require.NoError(t, a.Management(t.Context(), http.MethodGet, parseURL(t, "https://h/dev/@connections/a"), http.Header{}, nil))
	}
}

func TestFuncThatFails(t *testing.T) {
	t.Parallel()
	expired := errors.New("expired")
	none := Func(func(context.Context, int64) (Credentials, error) { return nil, expired })
	api := &AppSync{Credentials: none, URL: parseURL(t, "https://h/graphql"), Host: "h"}
	_, err := api.ForConnection(t.Context(), 0)
	require.ErrorIs(t, err, expired)
	require.ErrorIs(t, api.Request(t.Context(), http.Header{}, nil), expired)
	gateway := &APIGateway{Credentials: none}
	_, _, err = gateway.Connection(t.Context(), 0, parseURL(t, stageURL), nil)
	require.ErrorIs(t, err, expired)
	require.ErrorIs(t, gateway.Management(t.Context(), http.MethodGet, parseURL(t, "https://h/"), http.Header{}, nil), expired)
}
