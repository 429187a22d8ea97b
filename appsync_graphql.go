package pushgw

import (
	"context"
	"encoding/json"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// graphQL is the JavaScript method graphql() of AppSync's client: one GraphQL request
// over HTTPS. It resolves with the response's data.
func (c *client) graphQL(g *appSync, value sobek.Value) *sobek.Promise {
	o := readOptions(value, "graphql()")
	operation := o.operation()
	c.check(o)
	body, err := operation.Data()
	if err != nil {
		c.module.throw(scriptErrorf(nameInvalidOption, "graphql(): %v", err))
	}
	call := c.begin("graphql()", identity{role: telemetry.RoleHost})
	return answered(call, func(ctx context.Context) ([]byte, error) { return g.post(ctx, call, []byte(body)) }, readData)
}

// readData returns the data of a GraphQL response.
func readData(response []byte) (any, error) {
	var parsed struct{ Data any }
	if err := json.Unmarshal(response, &parsed); err != nil {
		return nil, &dialect.Error{Name: realtime.Other, Message: "the response is not JSON"}
	}
	return parsed.Data, nil
}

// post sends a GraphQL request and returns the response's body. A response with errors
// is an error, whatever its status.
func (g *appSync) post(ctx context.Context, c *call, body []byte) ([]byte, error) {
	answer, err := g.realtime.post(ctx, c, g.graphql, body)
	if err != nil {
		return nil, err
	}
	refused, isGraphQL := appsync.ResponseError(answer.body)
	if refused = answer.problem(refused, isGraphQL, "data and no errors"); refused != nil {
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	c.recorder.Answered()
	return answer.body, nil
}
