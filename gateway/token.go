package gateway

import (
	"cmp"
	"io"
	"net/http"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/auth"
)

// tokenOf answers a request with a new token: for the user sub, "user" by default, and for the
// time expires, an hour by default. A negative time makes one that has expired.
func tokenOf(issuer *auth.Issuer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		expires, err := time.ParseDuration(cmp.Or(query.Get("expires"), "1h"))
		if err != nil {
			answer(w, http.StatusBadRequest, failure{"expires: " + err.Error()})
			return
		}
		token, err := issuer.Token(cmp.Or(query.Get("sub"), "user"), expires)
		if err != nil {
			answer(w, http.StatusInternalServerError, failure{err.Error()})
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, token) //nolint:gosec // it is plain text; if it fails, the client has left
	}
}
