// Package limits reads what the system allows those who open many connections,
// and says which limit it is that an error is about.
//
// Most of it is Linux's: proc(5), ip(7), tcp(7). Elsewhere it can't be read, and
// the methods return errors.
package limits

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// System is where the limits are read.
type System struct {
	// Root is the root of the file system, of which /proc and /sys are read.
	Root fs.FS
	// OpenFiles returns how many files this process may open: RLIMIT_NOFILE of
	// getrlimit(2), whose soft limit the Go runtime has raised to the hard one.
	OpenFiles func() (uint64, error)
}

// Local is the system that this process runs on.
func Local() System { return System{Root: os.DirFS("/"), OpenFiles: openFiles} }

var errForm = errors.New("it isn't of the form that is known")

// numbers reads a file of whole numbers, of which there must be that many at least.
func (s System) numbers(path string, least int) ([]uint64, error) {
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
	if len(numbers) < least {
		return nil, fmt.Errorf("%s: %w", path, errForm)
	}
	return numbers, nil
}
