package pushgw

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
)

// simulateGateway runs f in a world with the local gateway.
func simulateGateway(t *testing.T, config gateway.Config, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		local := gateway.New(config)
		t.Cleanup(local.Close)
		w := &world{T: t, network: newNetwork(), process: newProcess()}
		w.serve(local.Handler())
		f(w)
	})
}

// setFaults has the local gateway do something wrong from now on.
func (w *world) setFaults(settings string) {
	w.Helper()
	transport := &http.Transport{DialContext: w.DialContext, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "http://gateway.test/faults", strings.NewReader(settings))
	require.NoError(w, err)
	response, err := transport.RoundTrip(request)
	require.NoError(w, err)
	require.NoError(w, response.Body.Close())
	require.Equal(w, http.StatusOK, response.StatusCode)
}

// delayed has every delivery take exactly that long.
func delayed(by time.Duration) gateway.Config {
	return gateway.Config{Faults: fault.Settings{Delay: fault.Spread{From: fault.Duration(by), To: fault.Duration(by)}}}
}
