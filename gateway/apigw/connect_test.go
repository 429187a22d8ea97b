package apigw

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
)

func TestARefusingIntegration(t *testing.T) {
	t.Parallel()
	faults := fault.New(fault.Settings{})
	g := New(Config{Write: time.Second}, faults)
	g.Deploy(&integration{gateway: g, refuse: errors.New("no")})
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		g.Close()
		faults.Close()
		server.Close()
	})
	_, status := dial(t, server)
	require.Equal(t, http.StatusBadGateway, status)
	require.EqualValues(t, 1, g.Hub.Counters.Refused.Load())
	require.Empty(t, g.Hub.Conns())
}
