package credentials

import (
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
