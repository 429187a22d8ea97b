package limits

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// failed returns an error like those of package net.
func failed(call string, errno syscall.Errno, local, remote string) error {
	operation := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.ParseIP(remote), Port: 80}, Err: os.NewSyscallError(call, errno)}
	if local != "" {
		operation.Source = &net.TCPAddr{IP: net.ParseIP(local)}
	}
	return fmt.Errorf("dialling: %w", operation)
}

func TestExplain(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"proc/sys/fs/file-nr":                       "2798 0 2466170",
		"proc/sys/net/ipv4/ip_local_port_range":     "32768 60999",
		"proc/sys/net/ipv4/ip_local_reserved_ports": "",
		"proc/sys/net/ipv4/tcp_mem":                 "287898 383867 575796",
		"proc/net/sockstat":                         sockstat,
	}
	tests := map[string]struct {
		err     error
		errno   syscall.Errno
		want    string
		unknown string // where the limit can't be read
	}{
		"too many files": {
			failed("socket", syscall.EMFILE, "", "192.0.2.1"), syscall.EMFILE,
			"too many open files: this process may open 20000 (ulimit -n), and needs one for each connection: " +
				"raise it, or share the test among more processes; see k6 x pushgw doctor",
			"this process may open no more (ulimit -n)",
		},
		"too many files in a lookup": {
			&net.DNSError{Err: "dial udp: socket: too many open files", Name: "gateway.test"}, syscall.EMFILE,
			"this process may open 20000", "this process may open no more",
		},
		"too many files in the system": {
			failed("socket", syscall.ENFILE, "", "192.0.2.1"), syscall.ENFILE,
			"all processes of this machine may open 2466170 together (sysctl fs.file-max)",
			"all processes of this machine may open no more together",
		},
		"too many files in the system in a lookup": {
			&net.DNSError{Err: syscall.ENFILE.Error(), Name: "gateway.test"}, syscall.ENFILE,
			"all processes of this machine may open 2466170", "all processes of this machine may open no more",
		},
		"no port": {
			failed("connect", syscall.EADDRNOTAVAIL, "", "192.0.2.1"), syscall.EADDRNOTAVAIL,
			"all local ports for this destination are taken (28232, sysctl net.ipv4.ip_local_port_range is 32768 60999): " +
				"widen the range, or give k6 more addresses with --local-ips",
			"all local ports for this destination are taken: widen",
		},
		"no port, or no IPv6": {
			failed("connect", syscall.EADDRNOTAVAIL, "", "2001:db8::1"), syscall.EADDRNOTAVAIL,
			"this machine has no IPv6 address, or all its ports for this destination are taken (28232, ",
			"this machine has no IPv6 address, or all its ports for this destination are taken: widen",
		},
		"no port, of unknown addresses": {
			os.NewSyscallError("connect", syscall.EADDRNOTAVAIL), syscall.EADDRNOTAVAIL,
			"all local ports for this destination are taken (28232, ", "all local ports for this destination are taken: ",
		},
		"no port of a local address": {
			failed("bind", syscall.EADDRINUSE, "192.0.2.7", "192.0.2.1"), syscall.EADDRINUSE,
			"all ports of the local address 192.0.2.7 (--local-ips) are taken (28232, ", "(--local-ips) are taken: widen",
		},
		"no port of an IPv6 address": {
			failed("bind", syscall.EADDRINUSE, "2001:db8::7", "2001:db8::1"), syscall.EADDRINUSE,
			"all ports of the local address 2001:db8::7 (--local-ips) are taken (28232, ", "are taken: widen",
		},
		"no such local address": {
			failed("bind", syscall.EADDRNOTAVAIL, "192.0.2.7", "192.0.2.1"), syscall.EADDRNOTAVAIL,
			"the local address 192.0.2.7 (--local-ips) isn't one of this machine's", "isn't one of this machine's",
		},
		"no buffers": {
			failed("connect", syscall.ENOBUFS, "", "192.0.2.1"), syscall.ENOBUFS,
			"the kernel has no memory for another socket (TCP holds 183 of 575796 pages): free some, or raise sysctl net.ipv4.tcp_mem",
			"the kernel has no memory for another socket: free some",
		},
		"no memory": {
			failed("socket", syscall.ENOMEM, "", "192.0.2.1"), syscall.ENOMEM,
			"(TCP holds 183 of 575796 pages)", "the kernel has no memory for another socket: free some",
		},
	}
	unreadable := system(nil)
	unreadable.OpenFiles = func() (uint64, error) { return 0, errors.ErrUnsupported }
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for want, on := range map[string]System{test.want: system(files), test.unknown: unreadable} {
				err := on.explain(test.err)
				require.ErrorContains(t, err, test.errno.Error()+": ")
				require.ErrorContains(t, err, want)
				require.ErrorContains(t, err, "; see k6 x pushgw doctor")
				require.ErrorIs(t, err, test.errno)
				require.ErrorIs(t, err, test.err)
				require.NotErrorIs(t, err, syscall.ECONNREFUSED)
			}
		})
	}
}

func TestOtherErrorsAreNotExplained(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil,
		errors.New("something else"),
		failed("connect", syscall.ECONNREFUSED, "", "192.0.2.1"),
		failed("connect", syscall.EADDRINUSE, "", "192.0.2.1"),
		failed("listen", syscall.EADDRINUSE, "", "192.0.2.1"),
		&net.DNSError{Err: "no such host", Name: "nowhere.test"},
	} {
		require.Equal(t, err, Explain(err))
	}
}
