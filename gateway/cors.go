package gateway

import (
	"net/http"

	"github.com/gorilla/websocket"
)

// forBrowsers lets pages from anywhere use an API, as AppSync does: it answers the requests
// by which browsers ask whether they may (Fetch standard, "CORS-preflight request").
func forBrowsers(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsWebSocketUpgrade(r) {
			api.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType")
		if r.Method != http.MethodOptions {
			api.ServeHTTP(w, r)
			return
		}
		asked := r.Header.Get("Access-Control-Request-Headers")
		if asked != "" {
			w.Header().Set("Access-Control-Allow-Headers", asked)
		}
		w.Header().Set("Access-Control-Allow-Methods", "POST,GET,OPTIONS")
	})
}
