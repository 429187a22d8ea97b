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
	defer func() { o.merge(section) }()
	return vs.readOperation(section, key)
}

// readOperation reads the options as a GraphQL operation of that name.
func (vs *varyings) readOperation(o *options, name string) *operation {
	variables, _ := o.raw("variables")
	if f, ok := vs.readFunction(name+".variables", variables, readObject); ok {
		o.requireQuery()
		return &operation{query: vs.readText(o, "query", o.str("query", "")), variables: f, operationName: o.str("operationName", "")}
	}
	fixed := o.operation()
	o.checkPlaceholders("query", fixed.Query, vs.placeholders...)
	o.checkPlaceholders("variables", string(fixed.Variables), vs.placeholders...)
	data, err := fixed.Data()
	if err != nil {
		o.fail("query", "%v", err)
	}
	return &operation{text: varying{name: name, text: data, filled: vs.noteUsed(data), inJSON: true}}
}

// readObject takes what a function returned for the JSON of an object.
func readObject(returned sobek.Value) (string, error) {
	object, ok := asPlainObject(returned)
	if !ok {
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
	section := o.section(key)
	text, err := section.operation().Data()
	if err != nil {
		section.fail("query", "%v", err)
	}
	o.merge(section)
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
