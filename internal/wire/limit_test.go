package wire

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pushgw/xk6-pushgw/internal/limits"
)

func TestALimitIsReached(t *testing.T) {
	t.Parallel()
	for errno, says := range map[syscall.Errno]string{
		syscall.EMFILE:        "this process may open ",
		syscall.ENFILE:        "all processes of this machine may open ",
		syscall.EADDRNOTAVAIL: "all local ports for this destination are taken",
		syscall.ENOBUFS:       "the kernel has no memory for another socket",
		syscall.ENOMEM:        "the kernel has no memory for another socket",
	} {
		to := target(t, "http://gateway.test/")
		to.DialContext = func(_ context.Context, network, _ string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", errno)}
		}
		failed := refused(t.Context(), t, to)
		assert.Equal(t, PhaseTCP, failed.Phase)
		assert.ErrorIs(t, failed, errno)
		var limit *limits.Error
		assert.ErrorAs(t, failed, &limit)
		assert.ErrorContains(t, failed, "connecting to gateway.test failed (tcp): "+errno.Error()+": "+says)
	}
}
