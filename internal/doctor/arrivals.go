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

// arrivals looks at whether the kernel says when a message arrived
// (SO_TIMESTAMPNS, socket(7)).
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

var errNoTimes = errors.New("the kernel tells none")

// kernelTimes reads from a connection of the run's kind, on the loopback
// interface, until a message is dated by the kernel. It takes some messages until
// it begins to.
func kernelTimes(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address, stop, err := chatter(ctx)
	if err != nil {
		return err
	}
	defer stop()
	conn, err := wire.Dial(ctx, &wire.Target{
		URL:         &url.URL{Scheme: "ws", Host: address},
		DialContext: (&net.Dialer{}).DialContext,
	})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	for {
		message, err := conn.Read()
		if err != nil {
			return errNoTimes
		}
		if message.Arrived != message.Read {
			return nil
		}
	}
}

// chatter serves WebSockets on which a message comes every millisecond for a
// second, or until they are stopped.
func chatter(ctx context.Context) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chat(ctx, w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), func() {
		cancel()
		_ = server.Close()
	}, nil
}

func chat(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = socket.Close() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil && socket.WriteMessage(websocket.TextMessage, []byte("message")) == nil {
		<-tick.C
	}
}
