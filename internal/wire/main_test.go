package wire

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if scheme := os.Getenv(benchGateway); scheme != "" {
		runBenchGateway(scheme)
		return
	}
	goleak.VerifyTestMain(m)
}
