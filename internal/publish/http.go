package publish

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"
)

// httpTimeout is longer than AppSync lets a request run (30 s, its quotas).
const httpTimeout = 40 * time.Second

// Post sends a JSON body through k6's own HTTP stack, so that http_req_* come out as of
// any request, and returns the response's status and body. The error says why there
// was no response.
func Post(ctx context.Context, state *lib.State, to *url.URL, header http.Header, body []byte) (int, []byte, error) {
	response, err := httpext.MakeRequest(ctx, state, jsonRequest(state, to, header, body))
	if err != nil {
		return 0, nil, err
	}
	content, _ := response.Body.([]byte)
	return response.Status, content, nil
}

func jsonRequest(state *lib.State, to *url.URL, header http.Header, body []byte) *httpext.ParsedHTTPRequest {
	address, _ := httpext.NewURL(to.String(), to.String()) // it is a URL already
	header.Set("Content-Type", "application/json")
	tags := state.Tags.GetCurrentValues()
	return &httpext.ParsedHTTPRequest{
		URL:              &address,
		Req:              &http.Request{Method: http.MethodPost, URL: address.GetURL(), Header: header},
		Body:             bytes.NewBuffer(body),
		Timeout:          httpTimeout,
		Throw:            true, // an error is returned, and not logged
		ResponseType:     httpext.ResponseTypeBinary,
		ResponseCallback: func(status int) bool { return status == http.StatusOK },
		Redirects:        state.Options.MaxRedirects,
		TagsAndMeta:      metrics.TagsAndMeta{Tags: tags.Tags, Metadata: tags.Metadata},
	}
}
