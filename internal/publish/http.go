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

// Post sends a JSON body through k6's own HTTP stack, so that http_req_* come out as of
// any request, and returns the response's status and body. It follows no redirect,
// because the header may hold credentials. The error says why there was no response; it
// is errTooLarge if the body was larger than maxBody.
func Post(ctx context.Context, state *lib.State, to *url.URL, header http.Header, body []byte) (int, []byte, error) {
	response, err := httpext.MakeRequest(ctx, bounded(state), jsonRequest(state, to, header, body))
	if err != nil {
		return 0, nil, withoutURL(err)
	}
	content, _ := response.Body.([]byte)
	return response.Status, content, nil
}

func jsonRequest(state *lib.State, to *url.URL, header http.Header, body []byte) *httpext.ParsedHTTPRequest {
	address, _ := httpext.NewURL(to.String(), to.String()) // it is a URL already
	address.CleanURL = credentials.RedactURL(to.String())
	header.Set("Content-Type", "application/json") // as it is signed; see internal/credentials
	tags := state.Tags.GetCurrentValues()
	if _, named := tags.Tags.Get(metrics.TagName.String()); !named && to.RawQuery != "" {
		// Even if the script has turned the tag name off: k6 takes the tag url from it.
		tags.SetSystemTagOrMeta(metrics.TagName, address.CleanURL)
	}
	return &httpext.ParsedHTTPRequest{
		URL:              &address,
		Req:              &http.Request{Method: http.MethodPost, URL: address.GetURL(), Header: header},
		Body:             bytes.NewBuffer(body),
		Timeout:          httpTimeout,
		Throw:            true, // an error is returned, and not logged
		ResponseType:     httpext.ResponseTypeBinary,
		ResponseCallback: func(status int) bool { return status == http.StatusOK },
		Redirects:        null.IntFrom(0),
		TagsAndMeta:      metrics.TagsAndMeta{Tags: tags.Tags, Metadata: tags.Metadata},
	}
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
