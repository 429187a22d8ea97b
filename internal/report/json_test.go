package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A list with nothing in it is a list.
func TestEmptyListsInJSON(t *testing.T) {
	t.Parallel()
	r := joined(t, quick.files()...)
	r.Gateways = nil
	var text bytes.Buffer
	require.NoError(t, WriteJSON(&text, []*Run{r}, nil))
	require.NotContains(t, text.String(), ": null")
	require.NoError(t, WriteJSON(&text, nil, nil))
	require.NotContains(t, text.String(), ": null")
}
