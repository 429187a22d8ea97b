package limits

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// Error is an error of the system that was caused by a limit.
type Error struct {
	Errno syscall.Errno
	// Limit says which limit was reached, its value and how to change it.
	Limit string
	err   error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %s; see k6 x pushgw doctor", e.Errno, e.Limit)
}

// Is reports whether target is the errno, which the cause may hold as text only.
func (e *Error) Is(target error) bool { return target == e.Errno }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Explain returns an *Error if err means that a connection couldn't be opened because of
// a limit, and otherwise err itself.
func Explain(err error) error { return Local().explain(err) }

func (s System) explain(err error) error {
	errno, ok := limitErrno(err)
	if !ok {
		return err
	}
	return &Error{Errno: errno, Limit: explainers[errno](s, err), err: err}
}

// explainers describes the limit behind each errno.
var explainers = map[syscall.Errno]func(System, error) string{
	syscall.EMFILE:        System.explainProcessFiles,
	syscall.ENFILE:        System.explainSystemFiles,
	syscall.EADDRNOTAVAIL: System.explainNoAddress,
	syscall.EADDRINUSE:    System.explainNoPort,
	syscall.ENOBUFS:       System.explainNoMemory,
	syscall.ENOMEM:        System.explainNoMemory,
}

// limitErrno returns the errno in err, and whether it means that a limit was reached.
func limitErrno(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return lookupErrno(err)
	}
	if errno == syscall.EADDRINUSE && !fromBind(err) {
		return 0, false
	}
	return errno, explainers[errno] != nil
}

// lookupErrno is limitErrno for a failed lookup of a host, whose error holds the errno
// as text only.
func lookupErrno(err error) (syscall.Errno, bool) {
	var lookup *net.DNSError
	if !errors.As(err, &lookup) {
		return 0, false
	}
	for _, errno := range []syscall.Errno{syscall.ENFILE, syscall.EMFILE} { // ENFILE's text begins with EMFILE's
		if strings.Contains(lookup.Err, errno.Error()) {
			return errno, true
		}
	}
	return 0, false
}

// The functions below leave a limit's value out where it can't be read, for example
// because no more files can be opened.

func (s System) explainProcessFiles(error) string {
	limit := "no more"
	if n, err := s.OpenFiles(); err == nil {
		limit = fmt.Sprint(n)
	}
	return "this process may open " + limit + " (ulimit -n), and needs one for each connection: " +
		"raise it, or share the test among more processes"
}

func (s System) explainSystemFiles(error) string {
	limit := "no more"
	if n, _, err := s.SystemFiles(); err == nil {
		limit = fmt.Sprint(n)
	}
	return "all processes of this machine may open " + limit + " together (sysctl fs.file-max): raise it"
}

func (s System) explainNoMemory(error) string {
	used := ""
	if m, err := s.TCPMemory(); err == nil {
		used = fmt.Sprintf(" (TCP holds %d of %d pages)", m.Used, m.Max)
	}
	return "the kernel has no memory for another socket" + used + ": free some, or raise sysctl net.ipv4.tcp_mem"
}
