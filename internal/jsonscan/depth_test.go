package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
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
		`["\"[[", []]`:           false,
		`["\\",[["`:              true,
		strings.Repeat("[", 1e6): true,
	} {
		assert.Equal(t, want, DeeperThan([]byte(data), 2), "%.20q", data)
	}
}

// slowlyDeeper is DeeperThan, byte by byte.
func slowlyDeeper(data []byte, limit int) bool {
	depth, quoted, escaped := 0, false, false
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			if depth > limit {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

func FuzzDeeperThan(f *testing.F) {
	for _, data := range []string{
		``, `[[[]]]`, `{"a":[{"b":"]]"}]}`, `"\"[[["[[[[`, `"\\"[[[[`, `[["[[`, `]]]][[[`, `{"a\`, `[{[{[{`,
	} {
		f.Add([]byte(data), 2)
	}
	f.Add([]byte(`{}`), 0)
	f.Add([]byte(`[`), -1)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit %= 10
		want := slowlyDeeper(data, limit)
		assert.Equal(t, want, DeeperThan(data, limit), "%q %d", data, limit)
		if depth, err := depthOf(data); err == nil {
			assert.Equal(t, depth > limit && depth > 0, want, "%q %d", data, limit)
		}
	})
}

// depthOf is how deep encoding/json finds a value nested.
func depthOf(data []byte) (deepest int, err error) {
	if !json.Valid(data) {
		return 0, errors.New("no JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for depth := 0; ; {
		token, err := decoder.Token()
		if err != nil {
			return deepest, nil
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}
