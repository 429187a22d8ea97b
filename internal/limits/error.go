package limits

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// Error is an error of the system, and the limit that was reached.
type Error struct {
	Errno syscall.Errno
	// Limit says which it is, its value and how to change it.
	Limit string
	err   error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%v: %s; see k6 x pushgw doctor", e.Errno, e.Limit)
}

// Is makes it the errno even where the cause has no more than its words.
func (e *Error) Is(target error) bool { return target == e.Errno }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Explain returns an *Error where no connection could be opened because of a
// limit, and err itself where there is another reason.
func Explain(err error) error { return Local().explain(err) }

func (s System) explain(err error) error {
	errno, ok := reached(err)
	if !ok {
		return err
	}
	return &Error{Errno: errno, Limit: names[errno](s, err), err: err}
}

// names have the limits named, each by the errno that tells of it.
var names = map[syscall.Errno]func(System, error) string{
	syscall.EMFILE:        System.processFiles,
	syscall.ENFILE:        System.allFiles,
	syscall.EADDRNOTAVAIL: System.noAddress,
	syscall.EADDRINUSE:    System.noPort,
	syscall.ENOBUFS:       System.noMemory,
	syscall.ENOMEM:        System.noMemory,
}

// reached returns the errno that says that a limit was reached.
func reached(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return reachedLookingUp(err)
	}
	if errno == syscall.EADDRINUSE && !bound(err) {
		return 0, false
	}
	return errno, names[errno] != nil
}

// reachedLookingUp does so for a name that couldn't be looked up: such an error
// has the words of its cause only.
func reachedLookingUp(err error) (syscall.Errno, bool) {
	var lookup *net.DNSError
	if !errors.As(err, &lookup) {
		return 0, false
	}
	for _, errno := range []syscall.Errno{syscall.ENFILE, syscall.EMFILE} { // the text of one begins with the other's
		if strings.Contains(lookup.Err, errno.Error()) {
			return errno, true
		}
	}
	return 0, false
}

// A limit's value is left out where it can't be read, as when no more file can be
// opened.

func (s System) processFiles(error) string {
	most := "no more"
	if n, err := s.OpenFiles(); err == nil {
		most = fmt.Sprint(n)
	}
	return "this process may open " + most + " (ulimit -n), and needs one for each connection: " +
		"raise it, or share the test among more processes"
}

func (s System) allFiles(error) string {
	most := "no more"
	if n, _, err := s.SystemFiles(); err == nil {
		most = fmt.Sprint(n)
	}
	return "all processes of this machine may open " + most + " together (sysctl fs.file-max): raise it"
}

func (s System) noMemory(error) string {
	held := ""
	if m, err := s.TCPMemory(); err == nil {
		held = fmt.Sprintf(" (TCP holds %d of %d pages)", m.Used, m.Most)
	}
	return "the kernel has no memory for another socket" + held + ": free some, or raise sysctl net.ipv4.tcp_mem"
}
