package publish

import (
	"errors"
	"io"
	"net/http"

	"go.k6.io/k6/v2/lib"
)

// maxBody is the longest response that is read. AppSync's own limit is 5 MB (its
// quotas: evaluated resolver response size).
const maxBody = 8 << 20

// errTooLarge says that a response was longer than maxBody.
var errTooLarge = errors.New("the response is longer than 8 MiB")

// errCompressed doesn't say how, because its text becomes a metric's tag and a gateway may
// write anything there.
var errCompressed = errors.New("the response is compressed, though no compression was asked for")

// bounded returns the VU's state with a transport that reads no more than maxBody of a
// response. k6 itself reads bodies to their end, whatever their length.
func bounded(state *lib.State) *lib.State {
	own := *state
	own.Transport = boundedTransport{state.Transport}
	return &own
}

type boundedTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	// k6 would unpack it, however much comes out.
	if response.Header.Get("Content-Encoding") != "" {
		_ = response.Body.Close()
		return nil, errCompressed
	}
	response.Body = &boundedBody{ReadCloser: response.Body, left: maxBody}
	return response, nil
}

// boundedBody fails where more than left would be read.
type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if n > b.left {
		return b.left, errTooLarge
	}
	b.left -= n
	return n, err
}
