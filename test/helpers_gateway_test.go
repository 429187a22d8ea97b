package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// gateway is a running `k6 x pushgw serve`.
type server struct {
	address string
	scheme  string // "" or "s"
	process *os.Process
	killed  bool
}

// serve starts a gateway on a free port, for one test.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"x", "pushgw", "serve", "--address", "127.0.0.1:0"}, flags...)...)
	cmd.Env = append(os.Environ(), "K6_AUTO_EXTENSION_RESOLUTION=false")
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	g := &server{process: cmd.Process}
	t.Cleanup(func() {
		if g.killed {
			_ = cmd.Wait() // says that it was
			return
		}
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(t, cmd.Wait(), "serve must stop cleanly when it is told to")
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "API Gateway") && strings.Contains(lines.Text(), "wss://") {
			g.scheme = "s"
		}
		if address, ready := strings.CutPrefix(lines.Text(), "ready on "); ready {
			g.address = address
			return g
		}
	}
	require.NoError(t, lines.Err())
	require.Fail(t, "serve printed no ready line")
	return nil
}

// kill ends the gateway as a crash would.
func (g *server) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, g.process.Kill())
	g.killed = true
}

func (g *server) apigw() string   { return "ws" + g.scheme + "://" + g.address + "/dev" }
func (g *server) appsync() string { return "http" + g.scheme + "://" + g.address + "/graphql" }
func (g *server) events() string  { return "http" + g.scheme + "://" + g.address + "/event" }

// env is where the gateway is, as the scripts and the examples take it.
func (g *server) env(more ...string) []string {
	return append(more, "APIGW_URL="+g.apigw(), "APPSYNC_URL="+g.appsync(), "EVENTS_URL="+g.events())
}

// stats returns what the gateway itself has counted, when it has written all it
// had to write.
func (g *server) stats(t *testing.T) gateway.Stats {
	t.Helper()
	return g.statsWhen(t, func(stats *gateway.Stats) bool {
		return stats.APIGateway.Totals.Pending+stats.AppSync.Totals.Pending+stats.Events.Totals.Pending == 0
	})
}

// statsWhen returns what the gateway itself has counted, as soon as it is so.
func (g *server) statsWhen(t *testing.T, so func(*gateway.Stats) bool) gateway.Stats {
	t.Helper()
	for began := time.Now(); time.Since(began) < timeout; time.Sleep(10 * time.Millisecond) {
		if stats := g.statsNow(t); so(&stats) {
			return stats
		}
	}
	require.Fail(t, "the gateway has not come to count what was waited for")
	return gateway.Stats{}
}

func (g *server) statsNow(t *testing.T) (stats gateway.Stats) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http"+g.scheme+"://"+g.address+"/stats", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&stats))
	return stats
}
