package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLocalAddresses: k6's --local-ips are honoured. A gateway that refuses
// everybody notes whom.
func TestLocalAddresses(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	from := make(map[string]int)
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		mu.Lock()
		defer mu.Unlock()
		from[host]++
		w.WriteHeader(http.StatusForbidden)
	}))
	defer gateway.Close()
	o := k6(t, written(t, `
const client = new apigw.Client(__ENV.APIGW_URL);
export const options = { scenarios: { listener: { executor: 'per-vu-iterations', vus: 8 } } };
export default async function () { await client.listen({ connections: 5 }); }
`), "--local-ips=127.0.0.2-127.0.0.5", "APIGW_URL=ws"+gateway.URL[len("http"):])
	require.Zero(t, o.exit)
	require.Equal(t, map[string]int{"127.0.0.2": 10, "127.0.0.3": 10, "127.0.0.4": 10, "127.0.0.5": 10}, from)
	o.requireCounts(t, map[string]int{"pushgw_connect_failed phase=upgrade status=403": 40})
}
