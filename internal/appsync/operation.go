package appsync

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
)

// Operation is a GraphQL request: a query, a mutation or a subscription.
type Operation struct {
	// Query is the GraphQL document.
	Query string
	// Variables is a JSON object; nil means an empty one.
	Variables json.RawMessage
	// Name selects an operation of the document; empty if there is only one.
	Name string
}

// Data returns the operation as it goes into a start's payload.data and into the
// body of an HTTP request: compact JSON, written once, because a signature
// covers every byte of it. It is an error if there is no query, or if the
// variables aren't a JSON object.
func (o Operation) Data() (string, error) {
	if o.Query == "" {
		return "", errors.New("appsync: the operation has no query")
	}
	b := jsonscan.AppendString([]byte(`{"query":`), o.Query)
	b, err := appendObject(append(b, `,"variables":`...), o.Variables)
	if err != nil {
		return "", fmt.Errorf("appsync: variables: %w", err)
	}
	if o.Name != "" {
		b = jsonscan.AppendString(append(b, `,"operationName":`...), o.Name)
	}
	return string(append(b, '}')), nil
}

// appendObject appends object without white space between its tokens.
func appendObject(b []byte, object json.RawMessage) ([]byte, error) {
	if object = bytes.TrimSpace(object); len(object) == 0 {
		return append(b, `{}`...), nil
	}
	if object[0] != '{' {
		return nil, errors.New("not a JSON object")
	}
	buffer := bytes.NewBuffer(b)
	if err := json.Compact(buffer, object); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
