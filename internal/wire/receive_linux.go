package wire

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelReceiver reads with recvmsg(2) and takes the arrival time from the control
// message of SO_TIMESTAMPNS (socket(7)). For TCP it is that of the newest segment in
// the read.
type kernelReceiver struct {
	raw syscall.RawConn
	// The other fields belong to the call of receive that is under way. They are kept
	// here so that a read allocates nothing.
	attempt func(fd uintptr) (done bool)
	buffer  []byte
	n       int
	arrival time.Time
	errno   syscall.Errno
}

// newReceiver asks the kernel for the arrival times of conn. It returns false if conn
// has no socket of its own or the kernel refuses.
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
	case r.errno != 0:
		return 0, time.Time{}, os.NewSyscallError("recvmsg", r.errno)
	case r.n == 0:
		return 0, time.Time{}, io.EOF
	default:
		return r.n, r.arrival, nil
	}
}

// recvmsg reads once without waiting. It returns false when there is nothing to read
// yet.
func (r *kernelReceiver) recvmsg(fd uintptr) bool {
	var control control
	vector := unix.Iovec{Base: &r.buffer[0]}
	vector.SetLen(len(r.buffer))
	for {
		message := unix.Msghdr{Iov: &vector, Control: (*byte)(unsafe.Pointer(&control))}
		message.SetIovlen(1)
		message.SetControllen(len(control) * 8)
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&message)), unix.MSG_DONTWAIT)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			r.n, r.errno = int(n), 0
			r.arrival = control.arrival(int(message.Controllen)) //nolint:unconvert // uint32 on 32-bit systems
		default:
			r.errno = errno
		}
		return true
	}
}

// control is a buffer for control messages, aligned as they have to be.
type control [8]uint64

// arrival returns the time in a control message of the given length, or the zero time
// if there is none: the first reads after the option was set may come without.
func (c *control) arrival(length int) time.Time {
	message := (*struct {
		head  unix.Cmsghdr
		stamp unix.Timespec
	})(unsafe.Pointer(c))
	if length < int(unsafe.Sizeof(*message)) {
		return time.Time{}
	}
	if message.head.Level != unix.SOL_SOCKET || message.head.Type != unix.SO_TIMESTAMPNS {
		return time.Time{}
	}
	return time.Unix(message.stamp.Unix())
}
