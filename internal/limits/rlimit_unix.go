//go:build unix

package limits

import "golang.org/x/sys/unix"

func openFiles() (uint64, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err //nolint:unconvert // it is signed on some systems
}
