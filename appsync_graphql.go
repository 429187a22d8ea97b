package pushgw

import (
	"cmp"
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
	refused, isGraphQL := appsync.ResponseError(response)
	if refused == nil && status != http.StatusOK {
		refused, isGraphQL = &dialect.Error{Name: appsync.Other, Message: "data"}, false
	}
	if refused != nil {
		g.addStatus(refused, status, isGraphQL)
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	c.recorder.Answered()
	return response, nil
}

// addStatus adds to an error what the HTTP response says: its status, and, if its body
// isn't GraphQL's, where it came from.
func (g *appSync) addStatus(e *dialect.Error, status int, isGraphQL bool) {
	if status != http.StatusOK && e.Code == 0 {
		e.Code = status
	}
	if isGraphQL {
		return
	}
	e.Message = fmt.Sprintf("%s answered POST %s with status %d: %s", g.graphql.Host, cmp.Or(g.graphql.Path, "/"), status, e.Message)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		e.Final = true
	}
}
