//go:build unix

package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// benchGateway is an environment variable that makes this binary the gateway of a
// benchmark, so that the benchmark's own process uses CPU for receiving only.
const benchGateway = "WIRE_BENCH_GATEWAY"

func init() {
	if scheme := os.Getenv(benchGateway); scheme != "" {
		runBenchGateway(scheme)
		os.Exit(0)
	}
}

// BenchmarkDelivery measures what it costs to receive a short message on one of
// a thousand connections, in CPU time of this process. Each round sends one message to
// every connection, and the next round begins when all have arrived.
func BenchmarkDelivery(b *testing.B) {
	for _, scheme := range []string{"http", "https"} {
		for name, timestamps := range map[string]Timestamps{"kernel": KernelTime, "read": ReadTime} {
			b.Run(scheme+"/"+name, func(b *testing.B) { benchmarkDelivery(b, scheme, timestamps) })
		}
	}
}

func benchmarkDelivery(b *testing.B, scheme string, timestamps Timestamps) {
	const connections = 1000
	address, round := startBenchGateway(b, scheme)
	to := target(b, address)
	to.Timestamps, to.TLS = timestamps, &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the gateway is local

	var missing atomic.Int64
	missing.Store(connections) // a connection's first message means that the gateway knows it
	complete := make(chan struct{}, 1)
	var reading sync.WaitGroup
	defer reading.Wait()
	for range connections {
		conn, err := Dial(context.Background(), to)
		require.NoError(b, err)
		defer conn.CloseNow()
		reading.Go(func() {
			for {
				if _, err := conn.Read(); err != nil {
					return
				}
				if missing.Add(-1) == 0 {
					complete <- struct{}{}
				}
			}
		})
	}
	<-complete

	b.ReportAllocs()
	before := cpuTime(b)
	b.ResetTimer()
	deliveries := 0
	for deliveries < b.N {
		missing.Store(connections)
		round()
		<-complete
		deliveries += connections
	}
	b.StopTimer()
	spent := cpuTime(b) - before
	b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(deliveries), "cpu-µs/delivery")
	b.ReportMetric(0, "ns/op") // it would include the gateway's time
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func startBenchGateway(b *testing.B, scheme string) (address string, round func()) {
	b.Helper()
	command := exec.Command(os.Args[0]) //nolint:gosec // it runs itself
	command.Env = append(os.Environ(), benchGateway+"="+scheme)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	require.NoError(b, err)
	out, err := command.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, command.Start())
	b.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	address, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	return strings.TrimSpace(address), func() {
		_, err := in.Write([]byte{'\n'})
		require.NoError(b, err)
	}
}

// runBenchGateway sends a message to a new connection, and to all connections for every
// byte of input.
func runBenchGateway(scheme string) {
	message := []byte(frame(final|text, strings.Repeat("x", 98)))
	var mu sync.Mutex
	var sockets []*websocket.Conn
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		sockets = append(sockets, socket)
		_, _ = socket.NetConn().Write(message)
	})
	server := httptest.NewUnstartedServer(handler)
	if scheme == "https" {
		server.StartTLS()
	} else {
		server.Start()
	}
	fmt.Println(server.URL)
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadByte(); err == io.EOF {
			return
		}
		mu.Lock()
		for _, socket := range sockets {
			_, _ = socket.NetConn().Write(message)
		}
		mu.Unlock()
	}
}
