package pushgw

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
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
	call := c.begin("graphql()", g.identity(telemetry.RoleHost))
	return newPromise(c.module.vu, func(ctx context.Context) (any, error) {
		defer call.recorder.Flush()
		response, err := g.post(ctx, call, []byte(body))
		if err != nil {
			if ctx.Err() == nil { // else it is the iteration that has ended
				call.recorder.RequestFailed(err)
			}
			return nil, err
		}
		var parsed struct{ Data any }
		if err := json.Unmarshal(response, &parsed); err != nil {
			return nil, &dialect.Error{Name: appsync.Other, Message: "the response is not JSON"}
		}
		return parsed.Data, nil
	})
}

// post sends a GraphQL request and returns the response's body. A response with errors
// is an error, whatever its status.
func (g *appSync) post(ctx context.Context, c *call, body []byte) ([]byte, error) {
	header := c.header()
	if err := g.auth.Request(ctx, header, body); err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	status, response, err := publish.Post(ctx, c.state, g.graphql, header, body)
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	if refused := appsync.ResponseError(response); refused != nil {
		if refused.Code == 0 && status != http.StatusOK {
			refused.Code = status
		}
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	if status != http.StatusOK {
		return nil, &scriptError{
			name: nameGatewayError, code: status,
			err: fmt.Errorf("%s answered with status %d", g.graphql.Host, status),
		}
	}
	c.recorder.Answered()
	return response, nil
}
