package jsonscan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDeeperThan(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bool{
		``:                       false,
		`[[`:                     false,
		`[[[`:                    true,
		`[{"a":[`:                true,
		`[[],[],[]]`:             false,
		`{"a":{},"b":{"c":[]}}`:  true,
		`["[[[[", "\"[[[[", {}]`: false,
		`["[[[`:                  false,
		strings.Repeat("[", 1e6): true,
	} {
		assert.Equal(t, want, DeeperThan([]byte(data), 2), "%.20q", data)
	}
}
