//go:build !unix

package limits

import "errors"

func openFiles() (uint64, error) { return 0, errors.ErrUnsupported }
