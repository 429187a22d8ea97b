package dialect

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestError(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, &Error{Name: "Forbidden", Code: 403}, "Forbidden")
	assert.EqualError(t, &Error{Name: "Other", Message: "no route"}, "Other: no route")
}
