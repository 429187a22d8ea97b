package pushgw

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// operation is a GraphQL operation that may differ from one connection to the next.
type operation struct {
	text varying // as it is sent, unless a function returns the variables
	// What it is made of for each connection if a function does.
	query, variables varying
	operationName    string
}

// constant reports whether the operation is the same for all connections.
func (op *operation) constant() bool { return op.variables.function == 0 && op.text.constant() }

// constantText is the text of an operation that is constant, empty of any other and of none.
func (op *operation) constantText() string {
	if op == nil || !op.constant() {
		return ""
	}
	return op.text.text
}

// data returns the text of one connection's operation.
func (op *operation) data(own *values) (string, error) {
	if op.variables.function == 0 {
		return op.text.of(own)
	}
	query, err := op.query.of(own)
	if err != nil {
		return "", err
	}
	variables, err := op.variables.of(own)
	if err != nil {
		return "", err
	}
	return appsync.Operation{Query: query, Variables: json.RawMessage(variables), Name: op.operationName}.Data()
}

// readOperation reads a GraphQL operation that may vary; nil if there is none.
func readOperation(o *options, key string, vs *varyings) *operation {
	if _, ok := o.raw(key); !ok {
		return nil
	}
	section := o.section(key)
	variables, _ := section.raw("variables")
	if f, ok := vs.readFunction(key+".variables", variables, readObject); ok {
		section.requireQuery()
		query := vs.readText(section, "query", section.str("query", ""))
		operation := &operation{query: query, variables: f, operationName: section.str("operationName", "")}
		o.merge(section)
		return operation
	}
	text := vs.readText(o, key, o.data(key, section))
	text.inJSON = true
	return &operation{text: text}
}

// readObject takes what a function returned for the JSON of an object.
func readObject(returned sobek.Value) (string, error) {
	object, ok := returned.(*sobek.Object)
	if !ok || returned.ExportType() != plainObject {
		return "", fmt.Errorf("must return an object, not %s", kind(returned.Export()))
	}
	text, err := object.MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("returned what can't be written as JSON: %w", err)
	}
	return string(text), nil
}

// readMutation reads the client's mutation and returns its text; empty if there is none.
func readMutation(o *options) string {
	const key = "mutation"
	if _, ok := o.raw(key); !ok {
		return ""
	}
	text := o.data(key, o.section(key))
	if !strings.Contains(text, stamp.Placeholder) {
		o.fail(key, "must contain %s, in its query or its variables", stamp.Placeholder)
	}
	checkMessage(o, key, text)
	return text
}

func (o *options) requireQuery() { o.require("query", "the text of the GraphQL operation") }

// operation reads the options as a GraphQL operation.
func (o *options) operation() *appsync.Operation {
	o.requireQuery()
	return &appsync.Operation{
		Query: o.str("query", ""), Variables: o.json("variables"), Name: o.str("operationName", ""),
	}
}

// data reads the section of the key as a GraphQL operation and returns its text.
func (o *options) data(key string, section *options) string {
	operation := section.operation()
	o.merge(section)
	data, err := operation.Data()
	if err != nil {
		o.fail(key, "%v", err)
	}
	return data
}
