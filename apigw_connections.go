package pushgw

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

// apiGatewayMethods are the methods of all clients, and those of the management API, by
// which a backend posts to connections, looks at them and closes them.
var apiGatewayMethods = slices.Concat(clientMethods, []string{"post", "get", "delete", "notify"})

// managementMethod returns the JavaScript method of that name.
func (c *client) managementMethod(g *apiGateway, name string) any {
	switch name {
	case "post":
		return func(id, data sobek.Value) *sobek.Promise {
			text := c.module.text(data, "post() takes the data as a string, not %s; JSON.stringify() makes one of an object")
			return c.manage(g, name, http.MethodPost, id, []byte(text), undefined)
		}
	case "get":
		return func(id sobek.Value) *sobek.Promise {
			return c.manage(g, name, http.MethodGet, id, nil, func(response []byte) (any, error) { return readConnectionInfo(response) })
		}
	case "notify":
		return func(value sobek.Value) *sobek.Promise { return c.notify(g, value) }
	default:
		return func(id sobek.Value) *sobek.Promise { return c.manage(g, name, http.MethodDelete, id, nil, undefined) }
	}
}

func undefined([]byte) (any, error) { return sobek.Undefined(), nil }

// manage sends one request about a connection. Result is what the promise resolves with.
func (c *client) manage(
	g *apiGateway, name, method string, id sobek.Value, body []byte, result func(response []byte) (any, error),
) *sobek.Promise {
	connection := c.module.text(id, name+"(): a connection's id is a string, not %s")
	if connection == "" {
		c.module.throw(scriptErrorf(nameUsageError, "%s(): a connection's id can't be empty", name))
	}
	call := c.begin(name+"()", identity{role: telemetry.RoleHost})
	return answered(call, func(ctx context.Context) ([]byte, error) { return g.manage(ctx, call, method, connection, body) }, result)
}

// manage sends a request about a connection to the management API, and returns the body of
// a response that is a success.
func (g *apiGateway) manage(ctx context.Context, c *call, method, id string, body []byte) ([]byte, error) {
	u := apigw.ConnectionURL(g.management, id)
	header, err := c.requestHeader(ctx)
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	if body != nil {
		header.Set("Content-Type", "application/octet-stream")
	}
	if g.auth != nil {
		if err := g.auth.Management(ctx, method, u, header, body); err != nil {
			return nil, &scriptError{name: nameConnectError, err: err}
		}
	}
	status, response, err := publish.Do(ctx, c.state, &publish.Request{
		Method: method, URL: u, Name: apigw.ConnectionURLName(g.management), Header: header, Body: body,
		IsSuccess: apigw.ManagementSuccess,
	})
	switch {
	case err != nil:
		return nil, &scriptError{name: nameConnectError, err: err}
	case !apigw.ManagementSuccess(status):
		refused := apigw.ManagementError(status, response)
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	c.recorder.Answered()
	return response, nil
}

// connectionInfo is what the management API tells of a connection, in its own words.
type connectionInfo struct {
	ConnectedAt  string `js:"connectedAt"`
	LastActiveAt string `js:"lastActiveAt"`
	Identity     struct {
		SourceIP  string `js:"sourceIp"`
		UserAgent string `js:"userAgent"`
	} `js:"identity"`
}

func readConnectionInfo(response []byte) (connectionInfo, error) {
	var info connectionInfo
	if json.Unmarshal(response, &info) != nil { // which matches the names in any case
		return info, &dialect.Error{Name: apigw.Other, Message: "the response is not what the management API tells of a connection"}
	}
	return info, nil
}

// readManagementURL reads where connections are managed: where they go, unless the script
// knows better.
func readManagementURL(webSocket *url.URL, o *options) *url.URL {
	if _, ok := o.raw("managementUrl"); !ok {
		return apigw.ManagementURL(webSocket)
	}
	u, err := parseURL(o.str("managementUrl", ""), []string{"https", "http"})
	switch {
	case err != nil:
		o.fail("managementUrl", "%v", err)
	case u.RawQuery != "" || u.Fragment != "":
		o.fail("managementUrl", "must have no query: %s/@connections/… is what is asked", credentials.RedactURL(u.String()))
	}
	return u
}
