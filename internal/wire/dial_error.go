package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/pushgw/xk6-pushgw/internal/redact"
)

// Phase is a step of opening a connection.
type Phase string

// The phases, in order. PhaseScript, in which the script is asked what the connection
// carries, and PhaseCredentials come before those of this package, and PhaseHandshake, the
// dialect's own handshake, after them.
const (
	PhaseScript      Phase = "script"
	PhaseCredentials Phase = "credentials"
	PhaseDNS         Phase = "dns"
	PhaseTCP         Phase = "tcp"
	PhaseTLS         Phase = "tls"
	PhaseUpgrade     Phase = "upgrade"
	PhaseHandshake   Phase = "handshake"
)

// DialError is why a connection could not be opened.
type DialError struct {
	// Phase is the one that failed.
	Phase Phase
	// Status is the HTTP status of a refused upgrade, or zero.
	Status int
	// Connection is which of many connections it was, such as "listener 37"; empty if there
	// is only one.
	Connection string
	// Host is the host that was dialled, with its port.
	Host string
	// Path is the one whose upgrade was refused, without the query.
	Path string
	// Location is where a refused upgrade was redirected to, as host and path.
	Location string
	// Body is the beginning of the response to a refused upgrade, unless that was a
	// redirection. It has none of the credentials that it may have repeated.
	Body string
	Err  error
}

// Error implements error. It shows no query, because one may hold credentials.
func (e *DialError) Error() string {
	if e.Connection == "" {
		return e.text()
	}
	return e.Connection + ": " + e.text()
}

// text is the error's text without which connection it was.
func (e *DialError) text() string {
	switch {
	case e.Phase == PhaseScript || e.Phase == PhaseCredentials:
		return clip(fmt.Sprintf("%s was not dialled (%s): %v", e.Host, e.Phase, e.Err), 1000)
	case e.Status == 0:
		return clip(fmt.Sprintf("connecting to %s failed (%s): %v", e.Host, e.Phase, e.Err), 1000)
	}
	text := e.Host + " refused the WebSocket upgrade"
	if e.Path != "" {
		text += " of " + e.Path
	}
	text += strings.TrimRight(fmt.Sprintf(" with status %d %s", e.Status, http.StatusText(e.Status)), " ")
	if e.Location != "" {
		text += " (to " + e.Location + ")"
	}
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// Unwrap returns the cause.
func (e *DialError) Unwrap() error { return e.Err }

// failed returns the error of an attempt that ended with err and, where the gateway
// gave one, a response.
func (d *dialing) failed(ctx context.Context, response *http.Response, err error) *DialError {
	failure := &DialError{Phase: d.phase, Host: d.target.URL.Host, Err: err}
	switch {
	case response != nil && errors.Is(err, websocket.ErrBadHandshake):
		d.refused(failure, response)
	case ContextError(ctx) != nil && !timedOut(err): // err is a consequence of the context's end
		failure.Err = ContextError(ctx)
	}
	return failure
}

// refused tells a failure what the response to a refused upgrade says.
func (d *dialing) refused(failure *DialError, response *http.Response) {
	failure.Status = response.StatusCode
	failure.Path = pathOf(d.target.URL)
	location, err := d.target.URL.Parse(response.Header.Get("Location"))
	if failure.Status/100 == 3 && err == nil && response.Header.Get("Location") != "" {
		failure.Location = clip(location.Host+pathOf(location), 256)
		return // the body repeats the location, with its query
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, 256)) // gorilla has read it already
	failure.Body = redact.Message(strings.TrimSpace(string(body)))
}

// pathOf returns the path of a URL as a request has it.
func pathOf(u *url.URL) string { return cmp.Or(u.EscapedPath(), "/") }

// timedOut reports whether err is a timeout by its own account.
func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// ContextError returns why a context has ended, or nil if it hasn't. A context whose
// deadline has passed counts as ended, because a socket with the same deadline may
// time out before the context does.
func ContextError(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
