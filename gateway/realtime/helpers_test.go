package realtime

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pushgw/xk6-pushgw/gateway/fault"
	"github.com/pushgw/xk6-pushgw/gateway/socket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeout is how long a test waits for what must come.
const timeout = time.Minute

// fixture is workers, and who publishes to them.
type fixture struct {
	*Workers

	faults *fault.Faults
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	hub, faults := socket.NewHub(socket.Limits{}), fault.New(fault.Settings{})
	t.Cleanup(func() {
		hub.Close()
		faults.Close()
	})
	return &fixture{Workers: StartWorkers(hub, faults), faults: faults}
}

// outlet tells what is delivered to it, and waits until that has been heard.
type outlet chan string

func (o outlet) Data(body []byte, written func(error)) error {
	o <- string(body)
	written(nil)
	return nil
}

func (outlet) Error() error { return nil }
func (outlet) Cut()         {}

// subscriber returns a subscription of the connection with a number.
func subscriber(number uint64, out fault.Outlet) *Subscriber {
	s := NewSubscriber(&socket.Conn{Number: number}, out)
	return &s
}

// receive returns what is delivered next, or nothing if nothing comes.
func receive(out outlet) string {
	select {
	case text := <-out:
		return text
	case <-time.After(timeout):
		return "nothing came"
	}
}
