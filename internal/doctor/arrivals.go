package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/pushgw/xk6-pushgw/internal/wire"
)

// arrivals checks whether the kernel gives the time at which a message arrived
// (SO_TIMESTAMPNS in socket(7)).
func (e *examination) arrivals(ctx context.Context) Finding {
	f := Finding{
		Check:  "arrival times",
		Found:  "the kernel's",
		Change: "run k6 on Linux; here, watch pushgw_read_lag",
	}
	if err := e.Arrivals(ctx); err != nil {
		f.Level = Warn
		f.Found = "those of reading, in which this machine's own delay is: " + err.Error()
		f.Needed = "the kernel's"
	}
	return f
}

var errNoKernelTime = errors.New("no kernel timestamp")

// kernelTimes returns an error if the kernel gives no arrival times.
func kernelTimes(ctx context.Context) error { return kernelDates(ctx, wire.KernelTime) }

// kernelDates reads from a connection on the loopback interface until a message is dated
// by the kernel, which doesn't date the first ones.
func kernelDates(ctx context.Context, timestamps wire.Timestamps) error {
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	address, stop, err := serveMessages(ctx)
	if err != nil {
		return err
	}
	defer stop()
	conn, err := wire.Dial(ctx, &wire.Target{
		URL:         &url.URL{Scheme: "ws", Host: address},
		DialContext: (&net.Dialer{}).DialContext,
		Timestamps:  timestamps,
	})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	for {
		message, err := conn.Read()
		if err != nil {
			return errNoKernelTime
		}
		if message.Arrived != message.Read {
			return nil
		}
	}
}

// serveMessages starts a server that sends a message every millisecond to each
// WebSocket, for a second from when it was opened or until stop is called.
func serveMessages(ctx context.Context) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{ReadHeaderTimeout: defaultTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sendMessages(ctx, w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), func() {
		cancel()
		_ = server.Close()
	}, nil
}

func sendMessages(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = socket.Close() }()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil && socket.WriteMessage(websocket.TextMessage, []byte("message")) == nil {
		<-tick.C
	}
}
