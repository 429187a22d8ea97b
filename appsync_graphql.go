package pushgw

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
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
	call := c.begin("graphql()", identity{role: telemetry.RoleHost})
	return answered(call, func(ctx context.Context) ([]byte, error) { return g.post(ctx, call, []byte(body)) }, readData)
}

// readData returns the data of a GraphQL response.
func readData(response []byte) (any, error) {
	var parsed struct{ Data any }
	if err := json.Unmarshal(response, &parsed); err != nil {
		return nil, &dialect.Error{Name: appsync.Other, Message: "the response is not JSON"}
	}
	return parsed.Data, nil
}

// post sends a GraphQL request and returns the response's body. A response with errors
// is an error, whatever its status.
func (g *appSync) post(ctx context.Context, c *call, body []byte) ([]byte, error) {
	header, err := c.authorizedHeader(ctx, g.realtime.auth, body)
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	status, response, err := publish.Post(ctx, c.state, g.graphql, header, body)
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	if refused := g.responseError(status, response); refused != nil {
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	c.recorder.Answered()
	return response, nil
}

// authorizedHeader returns the header of a request with this body to one of AppSync's APIs.
// What the script has to say of it is waited for no longer than a connection would.
func (c *call) authorizedHeader(ctx context.Context, auth *credentials.AppSync, body []byte) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.client.settings.timeout)
	defer cancel()
	header, err := c.requestHeader(ctx)
	if err != nil {
		return nil, err
	}
	return header, auth.Request(ctx, header, body)
}

// responseError returns what is wrong with a response; nil if nothing is.
func (g *appSync) responseError(status int, body []byte) *dialect.Error {
	refused, isGraphQL := appsync.ResponseError(body)
	switch {
	case len(body) == 0:
		refused, isGraphQL = &dialect.Error{Name: appsync.Other, Message: "its body is empty"}, false
	case refused == nil && status == http.StatusOK:
		return nil
	case refused == nil:
		refused, isGraphQL = &dialect.Error{Name: appsync.Other, Message: "its body has data and no errors"}, false
	}
	addStatus(refused, g.graphql, status, isGraphQL)
	return refused
}

// addStatus adds to an error what the HTTP response says: its status, and where it came
// from if the path is wrong or the body isn't AppSync's.
func addStatus(e *dialect.Error, u *url.URL, status int, isAppSync bool) {
	if status != http.StatusOK && e.Code == 0 {
		e.Code = status
	}
	nothingThere := status == http.StatusNotFound || status == http.StatusMethodNotAllowed
	if isAppSync && !nothingThere {
		return
	}
	e.Message = fmt.Sprintf("%s answered POST %s with status %d: %s", u.Host, cmp.Or(u.Path, "/"), status, e.Message)
	e.Final = e.Final || nothingThere || status == http.StatusUnauthorized || status == http.StatusForbidden
}
