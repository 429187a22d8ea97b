// Package built finds the k6 with this extension for tests that run it.
package built

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// K6 returns the path of the k6 to test: $K6, or else where `make build` puts it,
// in the root of the tree. Where nobody has built one, the test is skipped, so that
// `go test ./...` passes on a fresh clone. In CI, or with K6 set, it fails.
func K6(t *testing.T, root string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs k6, which -short leaves out")
	}
	const missing = "there is no k6 to test: run `make build`, or set K6 to its path"
	path, required := os.Getenv("K6"), true
	if path == "" {
		path, required = filepath.Join(root, "k6"), os.Getenv("CI") != ""
	}
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil && !required { //nolint:gosec // whoever runs the tests says where it is
		t.Skip(missing)
	}
	require.FileExists(t, path, missing)
	return path
}
