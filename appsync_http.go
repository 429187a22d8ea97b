package pushgw

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
	"github.com/pushgw/xk6-pushgw/internal/publish"
	"github.com/pushgw/xk6-pushgw/internal/realtime"
)

// response is what one of AppSync's APIs answered to a request over HTTP.
type response struct {
	from   *url.URL
	status int
	body   []byte
}

// post sends a request with this body to one of AppSync's APIs. What the script has to say of
// it is waited for no longer than a connection would.
func (r *realtimeAPI) post(ctx context.Context, c *call, to *url.URL, body []byte) (*response, error) {
	asking, cancel := context.WithTimeout(ctx, c.client.settings.timeout)
	defer cancel()
	header, err := c.requestHeader(asking)
	if err == nil {
		err = r.auth.Request(asking, header, body)
	}
	if err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	answer := &response{from: to}
	if answer.status, answer.body, err = publish.Post(ctx, c.state, to, header, body); err != nil {
		return nil, &scriptError{name: nameConnectError, err: err}
	}
	return answer, nil
}

// problem returns what is wrong with a response; nil if nothing is. Refused is the error that
// its body tells of, if any, isAppSync says whether AppSync wrote the body, and holds is what
// is in a body without an error.
func (r *response) problem(refused *dialect.Error, isAppSync bool, holds string) *dialect.Error {
	switch {
	case len(r.body) == 0:
		refused, isAppSync = &dialect.Error{Name: realtime.Other, Message: "its body is empty"}, false
	case refused == nil && r.status == http.StatusOK:
		return nil
	case refused == nil:
		refused, isAppSync = &dialect.Error{Name: realtime.Other, Message: "its body has " + holds}, false
	}
	r.complete(refused, isAppSync)
	return refused
}

// complete adds to an error what the response says besides: its status, and where it came
// from if the path is wrong or the body isn't AppSync's.
func (r *response) complete(e *dialect.Error, isAppSync bool) {
	if r.status != http.StatusOK && e.Code == 0 {
		e.Code = r.status
	}
	nothingThere := r.status == http.StatusNotFound || r.status == http.StatusMethodNotAllowed
	if isAppSync && !nothingThere {
		return
	}
	e.Message = fmt.Sprintf("%s answered POST %s with status %d: %s", r.from.Host, cmp.Or(r.from.Path, "/"), r.status, e.Message)
	e.Final = e.Final || nothingThere || r.status == http.StatusUnauthorized || r.status == http.StatusForbidden
}
