// Package e2e tests the extension as its users have it: scripts run by the built
// k6, against the local gateway of the same k6. It asserts counts, and values that
// don't depend on how busy the machine is.
package e2e

import (
	"flag"
	"os"
	"testing"
	"time"
)

// timeout bounds every run: a VU that hangs makes the test fail. No run that passes comes
// near it, however busy the machine is.
const timeout = 3 * time.Minute

// longest is more than any time that a run measures.
const longest = time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait for most of their time
	os.Exit(m.Run())
}
