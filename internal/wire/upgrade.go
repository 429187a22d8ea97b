package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
)

// maxResponse is how many bytes of the response to an upgrade are read. net/http has
// no limit of its own there.
const maxResponse = 64 << 10

var errResponseTooLong = fmt.Errorf("the response to the upgrade did not end within %d KiB", maxResponse>>10)

// upgradeError returns the error of an upgrade for which gorilla returned response and
// err.
func upgradeError(response *http.Response, err error) error {
	switch {
	case response == nil || response.StatusCode != http.StatusSwitchingProtocols:
		return err
	case errors.Is(err, websocket.ErrBadHandshake):
		return badSwitch(response.Header)
	default:
		return cmp.Or(notOffered(response.Header), err)
	}
}

// badSwitch returns what is wrong with a response of status 101 that gorilla didn't
// accept.
func badSwitch(header http.Header) error {
	const answered = "the gateway answered with status 101, but "
	accept := header.Get("Sec-Websocket-Accept")
	switch {
	case !hasToken(header, "Upgrade", "websocket"):
		return errors.New(answered + mismatch(header, "Upgrade", "websocket"))
	case !hasToken(header, "Connection", "Upgrade"):
		return errors.New(answered + mismatch(header, "Connection", "Upgrade"))
	case accept == "":
		return errors.New(answered + "without the header Sec-WebSocket-Accept")
	default:
		return fmt.Errorf(answered+"its Sec-WebSocket-Accept, %q, does not answer this request's key", clip(accept, 100))
	}
}

// mismatch says that a header doesn't have the value it must have.
func mismatch(header http.Header, name, want string) string {
	values := header.Values(name)
	if len(values) == 0 {
		return "without the header " + name + ": " + want
	}
	return fmt.Sprintf("its header %s is %q instead of %q", name, clip(strings.Join(values, ", "), 100), want)
}

// hasToken reports whether a header that is a list has a token.
func hasToken(header http.Header, name, token string) bool {
	return slices.ContainsFunc(listOf(header, name), func(element string) bool {
		return strings.EqualFold(element, token)
	})
}

// listOf returns the elements of a header that is a list, and not the empty ones.
func listOf(header http.Header, name string) (elements []string) {
	for _, element := range strings.Split(strings.Join(header.Values(name), ","), ",") {
		if element = strings.TrimSpace(element); element != "" {
			elements = append(elements, element)
		}
	}
	return elements
}

// notOffered returns an error if a response has an extension, because none was offered
// (RFC 6455, section 4.1). gorilla would use permessage-deflate all the same.
func notOffered(header http.Header) error {
	extensions := listOf(header, "Sec-Websocket-Extensions")
	if len(extensions) == 0 {
		return nil
	}
	name, _, _ := strings.Cut(extensions[0], ";")
	return fmt.Errorf("the gateway answered with the extension %q, which was not offered", clip(strings.TrimSpace(name), 100))
}

// clip shortens a text that may be as long as a gateway likes.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most] + "..."
}
