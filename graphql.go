package pushgw

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"

	"github.com/pushgw/xk6-pushgw/internal/appsync"
	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// requestTimeout is longer than AppSync lets a request run (30 s, its quotas).
const requestTimeout = 40 * time.Second

// query is the JavaScript method graphql(): one GraphQL request over HTTPS. It
// resolves with the response's data.
func (g *appSync) query(c *client, value sobek.Value) *sobek.Promise {
	o := readOptions(value, "graphql()")
	operation := o.operation()
	c.check(o)
	body, err := operation.Data()
	if err != nil {
		throw(c.vu.Runtime(), scriptErrorf(nameInvalidOption, "graphql(): %v", err))
	}
	call := c.begin("graphql()", roleHost)
	return promise(c.vu, func(ctx context.Context) (any, error) {
		defer call.recorder.flush()
		response, err := g.post(ctx, call, []byte(body))
		if err != nil {
			if ctx.Err() == nil { // else it is the iteration that has ended
				call.recorder.Unanswered(err)
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

// post sends a GraphQL request through k6's own HTTP stack, so that http_req_*
// come out as of any request, and returns the response's body. A response with
// errors is an error, whatever its status.
func (g *appSync) post(ctx context.Context, c *call, body []byte) ([]byte, error) {
	response, err := httpext.MakeRequest(ctx, c.state, g.request(c, body))
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	if response.Error != "" && response.Status == 0 {
		return nil, scriptErrorf(nameConnectError, "%s", response.Error)
	}
	text, _ := response.Body.([]byte)
	if refused := appsync.ResponseError(text); refused != nil {
		if refused.Code == 0 && response.Status != http.StatusOK {
			refused.Code = response.Status
		}
		c.recorder.Erred(refused.Name)
		return nil, refused
	}
	if response.Status != http.StatusOK {
		return nil, &scriptError{
			name: nameGatewayError, code: response.Status,
			err: fmt.Errorf("%s answered with status %d", g.graphql.Host, response.Status),
		}
	}
	c.recorder.Answered()
	return text, nil
}

func (g *appSync) request(c *call, body []byte) *httpext.ParsedHTTPRequest {
	address, _ := httpext.NewURL(g.graphql.String(), g.graphql.String()) // it was parsed before
	header := c.header.Clone()
	header.Set("Content-Type", "application/json")
	_ = g.auth.Request(context.Background(), header, body) // a key can't fail
	tags := c.state.Tags.GetCurrentValues()
	return &httpext.ParsedHTTPRequest{
		URL:              &address,
		Req:              &http.Request{Method: http.MethodPost, URL: address.GetURL(), Header: header},
		Body:             bytes.NewBuffer(body),
		Timeout:          requestTimeout,
		Throw:            true,
		ResponseType:     httpext.ResponseTypeBinary,
		ResponseCallback: func(status int) bool { return status == http.StatusOK },
		Redirects:        c.state.Options.MaxRedirects,
		TagsAndMeta:      metrics.TagsAndMeta{Tags: tags.Tags, Metadata: tags.Metadata},
	}
}
