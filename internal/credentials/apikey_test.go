package credentials

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPIKey(t *testing.T) {
	t.Parallel()
	fields, err := APIKey("da2-key").Authorize(t.Context(), Request{})
	require.NoError(t, err)
	assert.Equal(t, []Field{{"x-api-key", "da2-key"}}, fields)
	assert.True(t, APIKey("").Constant())
}
