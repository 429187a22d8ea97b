package pushgw

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/metrics"
)

func TestModuleExportsItsDialects(t *testing.T) {
	t.Parallel()
	v := initVU(t, newProcess(), nil)
	exports := v.module.Exports()
	require.Nil(t, exports.Default)
	require.Len(t, exports.Named, 3)
	for expression, want := range map[string]any{
		`Object.keys(apigw).join()`:     "Client",
		`Object.keys(appsync).join()`:   "Client",
		`Object.keys(events).join()`:    "Client",
		`typeof apigw.Client`:           "function",
		`apigw.Client === apigw.Client`: true,
		`(() => { 'use strict'; try { apigw.Client = 1 } catch (e) { return e.name } })()`:    "TypeError",
		`(() => { 'use strict'; try { delete apigw.Client } catch (e) { return e.name } })()`: "TypeError",
		`(() => { 'use strict'; return delete apigw.Other && typeof apigw.Client })()`:        "function",
		`apigw.Client === appsync.Client`:                                                     false,
	} {
		value, err := v.VU.Runtime().RunString(expression)
		require.NoError(t, err)
		require.Equal(t, want, value.Export(), expression)
	}
}

// All VUs of a process share its ledger and its metrics.
func TestModuleOfTwoVUs(t *testing.T) {
	t.Parallel()
	p := newProcess()
	registry := metrics.NewRegistry()
	first, err := p.metricsIn(registry)
	require.NoError(t, err)
	again, err := p.metricsIn(registry)
	require.NoError(t, err)
	require.Same(t, first, again)
	other, err := p.metricsIn(metrics.NewRegistry())
	require.NoError(t, err)
	require.NotSame(t, first, other)
	require.Equal(t, int64(1), p.nextID())
	require.Equal(t, int64(2), p.nextID())
	require.Same(t, initVU(t, p, nil).module.process, initVU(t, p, nil).module.process)
}

// A metric that another extension has registered otherwise is a script's error, and no
// panic of k6.
func TestModuleWhoseMetricsClash(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pushgw_reach", "joined_success_counter"} {
		runtime := modulestest.NewRuntime(t)
		runtime.VU.InitEnvField.Registry.MustNewMetric(name, metrics.Trend, metrics.Data)
		require.NoError(t, runtime.VU.Runtime().Set("load", func() { newProcess().NewModuleInstance(runtime.VU) }))
		value, err := runtime.VU.Runtime().RunString(`try { load() } catch (e) { e.message }`)
		require.NoError(t, err)
		require.Contains(t, value.String(), name)
	}
}

func TestHostLimiterIsShared(t *testing.T) {
	t.Parallel()
	p := newProcess()
	require.Nil(t, p.hostLimiter("a", 0))
	limiter := p.hostLimiter("a", 4)
	require.InDelta(t, 4, float64(limiter.Limit()), 0)
	require.Equal(t, 1, limiter.Burst())
	require.Same(t, limiter, p.hostLimiter("a", 9))
	require.InDelta(t, 4, float64(limiter.Limit()), 0)
	require.NotSame(t, limiter, p.hostLimiter("b", 4))
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "soon": 0, "500ms": 500 * time.Millisecond, "-2s": -2 * time.Second} {
		require.Equal(t, want, clockOffset(func(key string) (string, bool) {
			require.Equal(t, "PUSHGW_TEST_CLOCK_OFFSET", key)
			return text, true
		}))
	}
}
