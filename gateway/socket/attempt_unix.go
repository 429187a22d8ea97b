//go:build unix

package socket

import (
	"errors"
	"syscall"
)

// attempt writes as many bytes as the kernel takes without waiting, so that a client that
// reads, as nearly all do, needs no goroutine to be written to. socket is nil for TLS,
// whose records can't be written in part.
func attempt(socket syscall.RawConn, b []byte) (n int, err error) {
	if socket == nil {
		return 0, nil
	}
	var wrong error
	err = socket.Write(func(fd uintptr) bool {
		for n < len(b) && wrong == nil {
			var wrote int
			wrote, wrong = syscall.Write(int(fd), b[n:])
			n += max(wrote, 0) // it is -1 if it failed
			if errors.Is(wrong, syscall.EINTR) {
				wrong = nil
			}
		}
		return true // don't wait
	})
	if errors.Is(wrong, syscall.EAGAIN) {
		wrong = nil
	}
	return n, errors.Join(err, wrong)
}
