// Package limits reads the system's limits on a process that opens many connections,
// and explains which of them an error is about.
//
// Most of the limits are Linux's: proc(5), ip(7), tcp(7). On other systems the methods
// that read them return errors.
package limits

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// System is where the limits are read from.
type System struct {
	// Root is the root directory; files in /proc and /sys are read.
	Root fs.FS
	// OpenFiles returns how many files this process may open: the soft limit of
	// RLIMIT_NOFILE (getrlimit(2)), which the Go runtime has raised to the hard one.
	OpenFiles func() (uint64, error)
}

// Local returns the system that this process runs on.
func Local() System { return System{Root: os.DirFS("/"), OpenFiles: openFiles} }

var errFormat = errors.New("unexpected format")

// numbers reads a file that holds at least atLeast whole numbers.
func (s System) numbers(path string, atLeast int) ([]uint64, error) {
	text, err := fs.ReadFile(s.Root, path)
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text))
	numbers := make([]uint64, len(fields))
	for i, field := range fields {
		if numbers[i], err = strconv.ParseUint(field, 10, 64); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(numbers) < atLeast {
		return nil, fmt.Errorf("%s: %w", path, errFormat)
	}
	return numbers, nil
}
