// Package jsontext writes JSON as AWS does.
package jsontext

import (
	"bytes"
	"encoding/json"
)

// Encode is json.Marshal without escaping <, > and &. It is only given what can be encoded.
func Encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
