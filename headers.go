package pushgw

import (
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// checkHeader says what is wrong with a header of the script's; empty if nothing is.
func checkHeader(name, value string) string {
	canonical := http.CanonicalHeaderKey(name)
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Sprintf("has %q in it, which can't be the name of a header", name)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Sprintf("has a value for %q that can't be a header's", name)
	case strings.HasPrefix(canonical, "Sec-Websocket-"), canonical == "Connection", canonical == "Upgrade",
		canonical == "Content-Length", canonical == "Transfer-Encoding", canonical == "Trailer":
		return fmt.Sprintf("must not have %q in it, which the protocol sets itself", name)
	default:
		return ""
	}
}
