package limits

import (
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system returns a system with these files and a limit of 20000 on open ones.
func system(files map[string]string) System {
	root := make(fstest.MapFS)
	for path, text := range files {
		root[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return System{Root: root, OpenFiles: func() (uint64, error) { return 20_000, nil }}
}

const sockstat = `sockets: used 2018
TCP: inuse 2002 orphan 0 tw 1038 alloc 2003 mem 183
UDP: inuse 0 mem 7
`
