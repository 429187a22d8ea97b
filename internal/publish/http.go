package publish

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
	"gopkg.in/guregu/null.v3"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
)

// httpTimeout is longer than AppSync lets a request run (30 s, its quotas).
const httpTimeout = 40 * time.Second

// Request is one request over HTTP.
type Request struct {
	Method string
	URL    *url.URL
	// Name is what metrics call the URL, unless the script has a name of its own; empty for
	// the URL without its query.
	Name   string
	Header http.Header // with the name of another host in Host, if that is meant
	Body   []byte      // nil for none
	// IsSuccess reports whether a response of this status is what it should be.
	IsSuccess func(status int) bool
}

// Post sends a JSON body as Do does. Only a response of status 200 is a success.
func Post(ctx context.Context, state *lib.State, to *url.URL, header http.Header, body []byte) (int, []byte, error) {
	header.Set("Content-Type", "application/json") // as it is signed; see internal/credentials
	return Do(ctx, state, &Request{
		Method: http.MethodPost, URL: to, Header: header, Body: body,
		IsSuccess: func(status int) bool { return status == http.StatusOK },
	})
}

// Do sends a request through k6's own HTTP stack, so that http_req_* come out as of any
// request, and returns the response's status and body. It follows no redirect, because the
// header may hold credentials. The error says why there was no response; it is errTooLarge
// if the body was larger than maxBody.
func Do(ctx context.Context, state *lib.State, request *Request) (int, []byte, error) {
	response, err := httpext.MakeRequest(ctx, bounded(state), request.parsed(state))
	if err != nil {
		return 0, nil, withoutURL(err)
	}
	content, _ := response.Body.([]byte)
	return response.Status, content, nil
}

// parsed is the request as k6 takes it.
func (r *Request) parsed(state *lib.State) *httpext.ParsedHTTPRequest {
	address, _ := httpext.NewURL(r.URL.String(), r.URL.String()) // it is a URL already
	address.CleanURL = credentials.RedactURL(r.URL.String())
	parsed := &httpext.ParsedHTTPRequest{
		URL:              &address,
		Req:              &http.Request{Method: r.Method, URL: address.GetURL(), Host: r.Header.Get("Host"), Header: r.Header},
		Timeout:          httpTimeout,
		Throw:            true, // an error is returned, and not logged
		ResponseType:     httpext.ResponseTypeBinary,
		ResponseCallback: r.IsSuccess,
		Redirects:        null.IntFrom(0),
		TagsAndMeta:      r.tags(state, address.CleanURL),
	}
	if r.Body != nil {
		parsed.Body = bytes.NewBuffer(r.Body)
	}
	return parsed
}

// tags are the VU's, with a name for the URL where it can't be shown as it is.
func (r *Request) tags(state *lib.State, cleanURL string) metrics.TagsAndMeta {
	tags := state.Tags.GetCurrentValues()
	name := r.Name
	if name == "" && r.URL.RawQuery != "" {
		name = cleanURL
	}
	if _, named := tags.Tags.Get(metrics.TagName.String()); !named && name != "" {
		// Even if the script has turned the tag name off: k6 takes the tag url from it.
		tags.SetSystemTagOrMeta(metrics.TagName, name)
	}
	return metrics.TagsAndMeta{Tags: tags.Tags, Metadata: tags.Metadata}
}

// withoutURL is the error without the URL that net/http writes before it, whose query
// may hold credentials.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
