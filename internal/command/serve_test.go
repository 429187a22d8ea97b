package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pushgw/xk6-pushgw/gateway"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/cmd/tests"
)

// serving is `k6 x pushgw serve` under way.
type serving struct {
	*tests.GlobalTestState

	signals chan<- os.Signal
	ended   chan error
	address string
	cancel  context.CancelFunc
}

// runServe runs the command with these flags until it is ready.
func runServe(t *testing.T, flags ...string) *serving {
	t.Helper()
	s := &serving{GlobalTestState: tests.NewGlobalTestState(t), ended: make(chan error, 1)}
	s.Ctx, s.cancel = context.WithCancel(s.Ctx)
	t.Cleanup(s.cancel)
	watched := make(chan chan<- os.Signal, 1)
	s.SignalNotify = func(c chan<- os.Signal, which ...os.Signal) {
		require.Equal(t, []os.Signal{os.Interrupt, syscall.SIGTERM}, which)
		watched <- c
	}
	s.SignalStop = func(chan<- os.Signal) {}
	cmd := New(s.GlobalState)
	cmd.SetArgs(append([]string{"serve", "--address", "127.0.0.1:0"}, flags...))
	go func() { s.ended <- cmd.Execute() }()
	select {
	case s.signals = <-watched:
	case err := <-s.ended:
		t.Fatalf("it has ended: %v", err)
	}
	s.address = regexp.MustCompile(`ready on (\S+)\n$`).FindStringSubmatch(s.printed())[1]
	return s
}

func (s *serving) printed() string {
	s.OutMutex.Lock()
	defer s.OutMutex.Unlock()
	return s.GlobalTestState.Stdout.String()
}

func (s *serving) stop(t *testing.T, with os.Signal) {
	t.Helper()
	s.signals <- with
	require.NoError(t, <-s.ended)
}

func TestServePrintsWhereItIsAndStops(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := runServe(t)
			require.NotContains(t, s.address, ":0\n")
			printed := s.printed()
			for _, url := range []string{
				"ws://" + s.address + "/dev", "http://" + s.address + "/graphql", "http://" + s.address + "/event\n",
				"http://" + s.address + "/stats", gateway.APIKey,
			} {
				require.Contains(t, printed, url)
			}
			conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+s.address+"/dev", nil)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			closed := make(chan error, 1)
			go func() { _, _, err := conn.ReadMessage(); closed <- err }()
			s.stop(t, signal)
			require.True(t, websocket.IsCloseError(<-closed, websocket.CloseGoingAway))
			_, err = net.Dial("tcp", s.address) // it fails at once
			require.Error(t, err)
		})
	}
}

func TestServePrintsWhoIsLetIn(t *testing.T) {
	t.Parallel()
	key := []string{"--access-key-id", "AKID", "--secret-access-key", "secret"}
	for _, test := range []struct {
		flags   []string
		printed string
	}{
		{nil, ""},
		{[]string{"--token", "jwt"}, "a token"},
		{[]string{"--issuer"}, "a token"},
		{key, "a signature"},
		{append([]string{"--token", "jwt"}, key...), "a token or a signature"},
	} {
		s := runServe(t, test.flags...)
		printed := s.printed()
		require.Contains(t, printed, "API key "+gateway.APIKey+", for AppSync and Events\n")
		if test.printed == "" {
			require.NotContains(t, printed, "demands")
		} else {
			require.Contains(t, printed, "API Gateway demands "+test.printed+"\n")
		}
		s.stop(t, os.Interrupt)
	}
}

// What a client isn't told is in the log: why API Gateway refused it.
func TestServeSaysWhomItRefused(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--token", "jwt")
	for range 2 {
		_, response, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+s.address+"/dev?token=secret", nil)
		require.Error(t, err)
		require.Equal(t, http.StatusForbidden, response.StatusCode)
		require.NoError(t, response.Body.Close())
	}
	s.stop(t, os.Interrupt)
	entries := s.LoggerHook.Drain()
	require.Len(t, entries, 1)
	require.Equal(t, "API Gateway refused a connection: the token in the query is refused: You are not authorized to make this call. "+
		"(each cause is logged once)", entries[0].Message)
}

func TestServeWithTLS(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--tls")
	require.Contains(t, s.printed(), "wss://"+s.address+"/dev")
	require.Contains(t, s.printed(), "https://"+s.address+"/graphql")
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // it signs itself
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	answer, err := client.Get("https://" + s.address + "/stats")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.NoError(t, answer.TLS.PeerCertificates[0].VerifyHostname("localhost"))
	require.NoError(t, answer.TLS.PeerCertificates[0].VerifyHostname("127.0.0.1"))
	s.stop(t, os.Interrupt)
}

// Its own certificate is the one that is shown, at the stage that is asked for.
func TestServeWithItsOwnCertificate(t *testing.T) {
	t.Parallel()
	made, err := gateway.SelfSigned()
	require.NoError(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	require.NoError(t, err)
	cert, keyFile := filepath.Join(t.TempDir(), "cert"), filepath.Join(t.TempDir(), "key")
	write := func(file, kind string, der []byte) {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	write(cert, "CERTIFICATE", made.Certificate[0])
	write(keyFile, "PRIVATE KEY", key)
	s := runServe(t, "--tls", "--tls-cert", cert, "--tls-key", keyFile, "--stage", "prod")
	require.Contains(t, s.printed(), "wss://"+s.address+"/prod")
	conn, err := tls.Dial("tcp", s.address, &tls.Config{InsecureSkipVerify: true}) // it is compared below
	require.NoError(t, err)
	require.Equal(t, made.Certificate[0], conn.ConnectionState().PeerCertificates[0].Raw)
	require.NoError(t, conn.Close())
	s.stop(t, os.Interrupt)
}

// The tokens name the gateway's URL as their issuer, and the address that is printed makes one.
func TestServeIssuesTokens(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--issuer")
	url := regexp.MustCompile(`tokens +(\S+)`).FindStringSubmatch(s.printed())[1]
	answer, err := http.Get(url)
	require.NoError(t, err)
	token, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(string(token), ".")[1])
	require.NoError(t, err)
	require.Contains(t, string(claims), `"iss":"http://`+s.address+`"`)
	require.Contains(t, string(claims), `"sub":"me"`)
	s.stop(t, os.Interrupt)
}

func TestServeTakesFaults(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--drop", "1/100", "--delay", "5ms..80ms", "--refuse", "429:0.1", "--seed", "7",
		"--slow-tls", "1ms", "--stop-keep-alive", "--fanout", "8", "--post-time", "1ms")
	answer, err := http.Get("http://" + s.address + "/faults")
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.JSONEq(t, `{"seed": 7, "drop": "1/100", "delay": "5ms..80ms", "slowTLS": "1ms",
		"refuse": {"status": 429, "rate": "0.1"}, "stopKeepAlive": true}`, string(body))
	s.stop(t, os.Interrupt)
}

// One's own schema is served, except for what is denied.
func TestServeTakesASchema(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--schema", "../../examples/orders.graphql", "--deny", "Mutation.placeOrder", "--ack-delay", "0", "--single-errors")
	ask := func(query string) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
		require.NoError(t, err)
		r.Header.Set("x-api-key", gateway.APIKey)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return string(body)
	}
	require.JSONEq(t, `{"data":{"setStatus":{"id":"1","status":"SHIPPED"}}}`, ask("mutation { setStatus(id: 1, customer: 7, status: SHIPPED) { id status } }"))
	require.Contains(t, ask("mutation { placeOrder(input: { customer: 7, items: [] }) { id } }"), "Not Authorized to access placeOrder on type Mutation")
	s.stop(t, os.Interrupt)
}

func TestServeRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	for flags, says := range map[string]string{
		"--address " + taken.Addr().String(): "--address: " + taken.Addr().String() + " is in use",
		"--address nowhere":                  "--address: ",
		"--drop 2":                           "--drop: must be a probability",
		"--refuse 404:1":                     "--refuse: must be like",
		"--stop-keep-alive=maybe":            "--stop-keep-alive: must be true or false",
		"--address=":                         "--address: must be a host and a port",
		"--stage a/b":                        "--stage: must be letters",
		"--stage graphql":                    "--stage: graphql is an address of its own",
		"--routes /no/such":                  "--routes: open /no/such",
		"--routes serve.go":                  "--routes: serve.go: must be a JSON object of routes",
		"--idle-timeout 0s":                  "--idle-timeout: must be longer than zero, not 0s",
		"--lifetime -1s":                     "--lifetime: must be longer than zero, not -1s",
		"--tls --tls-cert a":                 "--tls-cert and --tls-key: one can't be without the other",
		"--tls --tls-key a":                  "--tls-cert and --tls-key: one can't be without the other",
		"--tls-cert a --tls-key b":           "--tls-cert: is for --tls only",
		"--tls --address 127.0.0.1:0 --tls-cert /no/such --tls-key b": "--tls-cert: open /no/such",
		"--reject No:1":             "--reject: must be like",
		"--fanout 0":                "--fanout: must be 1 or more, not 0",
		"--post-time -1s":           "--post-time: must be zero or longer, not -1s",
		"--keep-alive 0s":           "--keep-alive: must be longer than zero, not 0s",
		"--ack-delay -1s":           "--ack-delay: must be zero or longer, not -1s",
		"--appsync-rate -1":         "--appsync-rate: must be zero or more, not -1",
		"--schema /nowhere.graphql": "--schema: open /nowhere.graphql",
		"--schema serve_test.go":    "--schema: serve_test.go:1:",
		"--deny Room.id":            `--deny: "Room.id" is no field of`,
		"--access-key-id AKID":      "--access-key-id and --secret-access-key: one can't be without the other",
		"--secret-access-key s":     "--access-key-id and --secret-access-key: one can't be without the other",
		"--cut 0.5":                 "unknown flag: --cut",
		"and more":                  "unknown command",
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			cmd := New(tests.NewGlobalTestState(t).GlobalState)
			cmd.SetArgs(append([]string{"serve"}, strings.Split(flags, " ")...))
			cmd.SetOut(io.Discard)
			cmd.SetErr(io.Discard)
			ended := make(chan error, 1)
			go func() { ended <- cmd.Execute() }()
			select {
			case err := <-ended:
				require.ErrorContains(t, err, says)
			case <-time.After(time.Minute):
				t.Fatal("it runs")
			}
		})
	}
}

func TestServeHasDefaults(t *testing.T) {
	t.Parallel()
	requireDefaults(t, "serve", map[string]string{
		"address": "127.0.0.1:8090", "tls": "false", "api-key": gateway.APIKey, "fanout": "1", "post-time": "0s",
		"tls-cert": "", "tls-key": "", "stage": "dev", "routes": "", "concurrent": "false", "compression": "false",
		"idle-timeout": "10m0s", "lifetime": "2h0m0s", "reject": "", "keep-alive": "1m0s", "drop": "", "stop-keep-alive": "",
		"issuer": "false", "schema": "", "deny": "[]", "ack-delay": "5ms", "appsync-rate": "0", "single-errors": "false",
		"token": "", "access-key-id": "", "secret-access-key": "", "region": "us-east-1",
	})
}

// It also ends when k6 does.
func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := runServe(t)
	s.cancel()
	require.NoError(t, <-s.ended)
}

// A request that is under way holds it up for a while, and not for ever.
func TestServeStopsInSpiteOfARequest(t *testing.T) {
	t.Parallel()
	s := runServe(t)
	conn, err := net.Dial("tcp", s.address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "POST /faults HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Get("http://" + s.address + "/stats") // the request before it has begun by then
		require.NoError(c, err)
		require.NoError(c, answer.Body.Close())
	}, time.Minute, time.Millisecond)
	s.stop(t, os.Interrupt)
}

// A handshake that is to be slow takes no less than it is told.
func TestServeWithSlowTLS(t *testing.T) {
	t.Parallel()
	s := runServe(t, "--tls", "--slow-tls", "200ms")
	began := time.Now()
	conn, err := tls.Dial("tcp", s.address, &tls.Config{InsecureSkipVerify: true}) // it signs itself
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	require.NoError(t, conn.Close())
	s.stop(t, os.Interrupt)
}
