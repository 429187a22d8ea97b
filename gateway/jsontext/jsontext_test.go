package jsontext

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEncodeLeavesHTMLAsItIs(t *testing.T) {
	t.Parallel()
	require.Equal(t, `{"type":"<&>"}`, string(Encode(map[string]string{"type": "<&>"})))
}
