package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestRefusal(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	for _, status := range []int{403, 429, 500, 502} {
		s.fault(fmt.Sprintf(`{"refuse": {"status": %d, "rate": 1}}`, status))
		require.Equal(t, status, s.upgrade("/dev"))
		require.Equal(t, status, s.upgrade("/graphql", "graphql-ws"))
	}
	s.fault(`{"refuse": "429:1/4"}`)
	counts := map[int]int{}
	for range 20 {
		counts[s.upgrade("/dev")]++
	}
	require.Equal(t, map[int]int{http.StatusTooManyRequests: 5, http.StatusSwitchingProtocols: 15}, counts)
	s.fault(`{"refuse": "0"}`)
	require.Equal(t, http.StatusSwitchingProtocols, s.upgrade("/dev"))
	stats := s.eventually("accepted", func(s gateway.Stats) bool { return s.APIGateway.Accepted == 16 })
	require.EqualValues(t, 4+5, stats.APIGateway.Refused)
	require.EqualValues(t, 4, stats.AppSync.Refused)
}

func TestPace(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	s.fault(`{"pace": 0.001}`)
	require.Equal(t, http.StatusSwitchingProtocols, s.upgrade("/dev"))
	require.Equal(t, http.StatusTooManyRequests, s.upgrade("/dev"))
	require.Equal(t, http.StatusTooManyRequests, s.upgrade("/graphql", "graphql-ws"))
	s.fault(`{"pace": 0}`)
	require.Equal(t, http.StatusSwitchingProtocols, s.upgrade("/dev"))
}

// When connections end, each delivery still ends in one way, and no listener
// receives more than was written.
func TestEndingConnections(t *testing.T) {
	t.Parallel()
	const listeners, broadcasts = 20, 10
	for name, row := range map[string]struct {
		fault string
		code  int // 0 where there is no close frame
		ended int
	}{
		"cut":       {`{"cut": 0.25}`, 0, 5},
		"cut all":   {`{"cut": 1}`, 0, listeners},
		"close":     {`{"close": {"code": 1011, "share": 0.5}}`, 1011, 10},
		"close one": {`{"close": "4000:0.05"}`, 4000, 1},
		"cut 1.6":   {`{"cut": 0.08}`, 0, 2},
		"cut 1.4":   {`{"cut": 0.07}`, 0, 1},
		"cut 0.4":   {`{"cut": 0.02}`, 0, 0},
	} {
		for kind, gather := range gatherers {
			t.Run(kind+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := start(t, gateway.Config{})
				a := gather(s, listeners)
				ends := watchAll(a)
				s.fault(`{"delay": "0s..50ms", "duplicate": 0.1}`)
				for i := range broadcasts {
					a.publish("x-" + stamped(i+1))
				}
				s.eventually("published", func(s gateway.Stats) bool { return a.side(s).Totals.Broadcasts == broadcasts })
				s.fault(row.fault)
				total := s.settle(a).Totals
				require.EqualValues(t, listeners*broadcasts, total.Audience)
				require.Equal(t, total.Audience, total.Delivered+total.Gone+total.Failed)
				s.eventually("ended", func(s gateway.Stats) bool { return a.side(s).Open == listeners-row.ended })
				s.gateway.Close()
				saw, codes := ends()
				total = a.side(s.stats()).Totals // with the copies that followed the last delivery
				require.LessOrEqual(t, saw.first, total.Delivered)
				require.LessOrEqual(t, saw.duplicated, total.Duplicated)
				want := map[int]int{}
				if row.ended > 0 {
					want[row.code] = row.ended
				}
				if row.ended < listeners {
					want[websocket.CloseGoingAway] = listeners - row.ended
				}
				require.Equal(t, want, codes)
			})
		}
	}
}

func TestUnstableConnectionsAreCut(t *testing.T) {
	t.Parallel()
	for kind, gather := range gatherers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := start(t, gateway.Config{})
			s.fault(`{"unstable": {"share": "1/4", "within": "10ms"}}`)
			a := gather(s, 3) // every fourth is cut, and it would not be ready
			s.fault(`{"unstable": "1:1ms"}`)
			last := joiners[kind](s)
			_, codes := watchAll(audience{listeners: []*client{last}})()
			require.Equal(t, map[int]int{0: 1}, codes)
			s.eventually("cut", func(s gateway.Stats) bool { return a.side(s).Open == 3 })
		})
	}
}

func TestStopKeepAlive(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{KeepAlive: time.Millisecond})
	s.fault(`{"stopKeepAlive": true}`)
	c := s.dial("/graphql", http.Header{"x-api-key": {gateway.APIKey}}, "graphql-ws")
	c.send(`{"type":"connection_init"}`)
	require.Contains(t, c.receive(), "connection_ack")
	time.Sleep(20 * time.Millisecond)
	c.start("1", onCreateRoom, nil)
	require.Contains(t, c.receive(), "start_ack")
	s.fault(`{"stopKeepAlive": false}`)
	require.Contains(t, c.receive(), `"ka"`)
}

func TestSlowTLS(t *testing.T) {
	t.Parallel()
	const slow = 50 * time.Millisecond
	certificate, err := gateway.SelfSigned()
	require.NoError(t, err)
	s := start(t, gateway.Config{})
	secure := httptest.NewUnstartedServer(s.gateway.Handler())
	secure.TLS = &tls.Config{
		Certificates: []tls.Certificate{certificate}, GetConfigForClient: s.gateway.SlowTLS, MinVersion: tls.VersionTLS12,
	}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	s.fault(fmt.Sprintf(`{"slowTLS": %q}`, slow))

	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	require.NoError(t, err)
	roots.AddCert(leaf)
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	begin := time.Now()
	conn, answer, err := dialer.DialContext(t.Context(), "wss://"+secure.Listener.Addr().String()+"/dev", nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.GreaterOrEqual(t, time.Since(begin), slow)
	require.NoError(t, conn.Close())
}

func TestFaultsAreSetByName(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	status, _, body := s.do(http.MethodGet, "/faults", "")
	require.Equal(t, http.StatusOK, status)
	seed := gjson.Get(body, "seed").Int()
	require.Positive(t, seed)

	s.fault(`{"seed": 7, "drop": 0.5, "delay": "20ms"}`)
	s.fault(`{"delay": "5ms..80ms", "refuse": {"status": 403, "rate": "1/3"}, "stopKeepAlive": true}`)
	_, _, body = s.do(http.MethodGet, "/faults", "")
	require.JSONEq(t, `{"seed": 7, "drop": "0.5", "delay": "5ms..80ms", "stopKeepAlive": true,
		"refuse": {"status": 403, "rate": "1/3"}}`, body)

	status, _, body = s.do(http.MethodPost, "/faults", `{"drop": 0, "duplicate": 2}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, gjson.Get(body, "error").Str, "duplicate: must be")
	require.Equal(t, "0.5", gjson.Get(s.faults(), "drop").Str, "nothing is changed by half")

	// What is shown can be given.
	shown := s.faults()
	s.do(http.MethodDelete, "/faults", "")
	require.False(t, gjson.Get(s.faults(), "drop").Exists())
	s.fault(shown)
	require.JSONEq(t, shown, s.faults())
}

// A close that was asked for has no reason, and is for all gateways alike.
func TestClosingGivesNoReason(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	clients := []*client{s.chat("host", "R"), s.realtime(), s.subscribedTo("default/a")}
	s.fault(`{"close": "4000:1"}`)
	for _, c := range clients {
		code, reason := c.ended()
		require.Equal(t, 4000, code)
		require.Empty(t, reason)
	}
	require.False(t, gjson.Get(s.faults(), "close").Exists(), "it is done once")
}

func TestBodiesOfFaultsAreLimited(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{})
	const longest = 64 << 10
	body := `{"drop": 0.5}`
	s.fault(body + strings.Repeat(" ", longest-len(body)))
	require.Equal(t, "0.5", gjson.Get(s.faults(), "drop").Str)
	status, _, answer := s.do(http.MethodPost, "/faults", `{"drop": 0.7}`+strings.Repeat(" ", longest))
	require.Equal(t, http.StatusBadRequest, status)
	require.NotEmpty(t, gjson.Get(answer, "error").Str)
	require.Equal(t, "0.5", gjson.Get(s.faults(), "drop").Str)
}

func TestDeletingFaultsChoosesASeed(t *testing.T) {
	t.Parallel()
	s := start(t, gateway.Config{Faults: fault.Settings{Seed: 18446744073709551615, StopKeepAlive: true}})
	require.JSONEq(t, `{"seed": 18446744073709551615, "stopKeepAlive": true}`, s.faults())
	status, _, body := s.do(http.MethodDelete, "/faults", "")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, body)
	seed := gjson.Get(s.faults(), "seed").Uint()
	require.NotContains(t, []uint64{0, 18446744073709551615}, seed)
	require.JSONEq(t, fmt.Sprintf(`{"seed": %d}`, seed), s.faults())
}
