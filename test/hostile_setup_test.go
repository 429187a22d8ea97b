package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/test/hostile"
)

// TestHostileSetup: a setup or teardown that fails while connections are open is a
// failed script and no crash, whatever the gateway does meanwhile.
func TestHostileSetup(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for name, behaviour := range map[string]hostile.Behaviour{
		"quiet": {}, "busy": hostile.DataFlood(20_000), "never closes": hostile.EndlessData(),
	} {
		server := startHostile(t, hostile.APIGateway, behaviour)
		for _, stage := range []string{"setup", "teardown"} {
			t.Run(stage+" "+name, func(t *testing.T) {
				t.Parallel()
				for i := range 4 {
					o := k6Within(t, hostilePatience, "scripts/hostile-setup.js", "--summary-mode=full", // it takes time
						env("STAGE", stage), env("PAUSE", 40*i), env("URL", hostileURL(hostile.APIGateway, false, server)))
					o.requireUnharmed(t)
					require.Contains(t, []int{107, 255}, o.exit, "k6's codes for a script that failed: thrown, or in a promise")
					require.Contains(t, o.stderr, stage+" has failed")
				}
			})
		}
	}
}
