package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelReceiver reads with recvmsg(2) and takes the arrival time from the
// control message that SO_TIMESTAMPNS brings (socket(7); for TCP it is the time
// of the newest segment read).
type kernelReceiver struct {
	raw syscall.RawConn
	// What follows serves one call of receive at a time. It lives here so that
	// a read allocates nothing.
	attempt func(fd uintptr) (done bool)
	buffer  []byte
	n       int
	err     error
	message unix.Msghdr
	vector  unix.Iovec
	control [64]byte
}

// newReceiver asks the kernel for arrival times.
func newReceiver(conn net.Conn) (receiver, bool) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nil, false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, false
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	if err != nil || failed != nil {
		return nil, false
	}
	r := &kernelReceiver{raw: raw}
	r.attempt = r.recvmsg
	return r, true
}

func (r *kernelReceiver) receive(p []byte) (int, time.Time, error) {
	if len(p) == 0 {
		return 0, time.Time{}, nil
	}
	r.buffer = p
	err := r.raw.Read(r.attempt)
	r.buffer = nil
	switch {
	case err != nil:
		return 0, time.Time{}, err
	case r.err != nil:
		return 0, time.Time{}, os.NewSyscallError("recvmsg", r.err)
	case r.n == 0:
		return 0, time.Time{}, io.EOF
	default:
		return r.n, r.arrival(), nil
	}
}

// recvmsg reads once without waiting. It is false when there is nothing to read
// yet.
func (r *kernelReceiver) recvmsg(fd uintptr) bool {
	for {
		r.vector = unix.Iovec{Base: &r.buffer[0]}
		r.vector.SetLen(len(r.buffer))
		r.message = unix.Msghdr{Iov: &r.vector, Control: &r.control[0]}
		r.message.SetIovlen(1)
		r.message.SetControllen(len(r.control))
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&r.message)), unix.MSG_DONTWAIT)
		r.vector.Base = nil
		switch {
		case errors.Is(errno, unix.EINTR):
			continue
		case errors.Is(errno, unix.EAGAIN):
			return false
		case errno != 0:
			r.n, r.err = 0, errno
		default:
			r.n, r.err = int(n), nil
		}
		return true
	}
}

// arrival is the time in the control message. The first reads after the option
// was set may come without one.
func (r *kernelReceiver) arrival() time.Time {
	const header = unix.SizeofCmsghdr
	var stamp unix.Timespec
	if int(r.message.Controllen) < header+int(unsafe.Sizeof(stamp)) { //nolint:unconvert // uint32 on 32-bit systems
		return time.Time{}
	}
	head := (*unix.Cmsghdr)(unsafe.Pointer(&r.control[0]))
	if head.Level != unix.SOL_SOCKET || head.Type != unix.SO_TIMESTAMPNS {
		return time.Time{}
	}
	stamp = *(*unix.Timespec)(unsafe.Pointer(&r.control[header]))
	return time.Unix(stamp.Unix())
}
