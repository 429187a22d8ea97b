// Package pushgw is the k6 extension k6/x/pushgw: load tests for push gateways,
// that is API Gateway WebSocket APIs and AppSync subscriptions. This package is
// the JavaScript face; what it stands on is in internal/.
package pushgw

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/metrics"
	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
)

func init() {
	modules.Register("k6/x/pushgw", newRootModule())
}

// rootModule is what all VUs of the process share.
type rootModule struct {
	ledger *ledger.Ledger
	keeper keeper
	open   atomic.Int64 // connections
	last   atomic.Int64 // of the numbers given out

	mu         sync.Mutex
	registered *metricSet               // in the last registry seen; k6 has one
	paces      map[string]*rate.Limiter // by the gateway's host
	said       map[string]bool          // see first
}

// metricsIn are this extension's metrics in a registry. All VUs share them.
func (root *rootModule) metricsIn(registry *metrics.Registry) (*metricSet, error) {
	root.mu.Lock()
	defer root.mu.Unlock()
	if root.registered == nil || root.registered.registry != registry {
		set, err := registerMetrics(registry)
		if err != nil {
			return nil, err
		}
		root.registered = set
	}
	return root.registered, nil
}

// first says whether nobody has asked for this before: of what thousands of
// connections complain of alike, one complaint is logged.
func (root *rootModule) first(what string) bool {
	root.mu.Lock()
	defer root.mu.Unlock()
	before := root.said[what]
	root.said[what] = true
	return !before
}

// next returns a number that no other connection of the process has.
func (root *rootModule) next() int64 { return root.last.Add(1) }

func newRootModule() *rootModule {
	return &rootModule{ledger: ledger.New(), paces: make(map[string]*rate.Limiter), said: make(map[string]bool)}
}

// pace is what all VUs share to open no more connections to a host than so many
// a second, evenly spread; nil for as fast as they can. The first rate counts.
func (root *rootModule) pace(host string, perSecond float64) *rate.Limiter {
	if perSecond == 0 {
		return nil
	}
	root.mu.Lock()
	defer root.mu.Unlock()
	if root.paces[host] == nil {
		root.paces[host] = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	return root.paces[host]
}

// NewModuleInstance implements modules.Module.
func (root *rootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	set, err := root.metricsIn(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	m := &module{rootModule: root, vu: vu, metrics: set, clockOffset: clockOffset(vu.InitEnv().LookupEnv)}
	m.exports = modules.Exports{Named: map[string]any{
		"apigw":   m.namespace(m.newAPIGatewayClient),
		"appsync": m.namespace(m.newAppSyncClient),
	}}
	return m
}

// clockOffset is by how much this process's stamps are to be wrong, so that a test
// can have a publisher whose clock differs. Nobody else needs it.
func clockOffset(lookup func(string) (string, bool)) time.Duration {
	text, _ := lookup("PUSHGW_TEST_CLOCK_OFFSET")
	offset, _ := time.ParseDuration(text) // zero where it isn't one
	return offset
}

// module is the extension in one VU.
type module struct {
	*rootModule
	vu          modules.VU
	metrics     *metricSet
	exports     modules.Exports
	clockOffset time.Duration // see clockOffset
}

// Exports implements modules.Instance. It is called for every access from a script.
func (m *module) Exports() modules.Exports { return m.exports }

// members of a dialect's namespace.
var namespaceMembers = []string{"Client"} // a constant list

// namespace is an object with one class in it.
func (m *module) namespace(construct func(sobek.ConstructorCall) *sobek.Object) *sobek.Object {
	return newLazy(m.vu.Runtime(), namespaceMembers, func(string) any { return construct })
}

// set defines a property; the script is told if it can't be.
func (m *module) set(object *sobek.Object, name string, value any) {
	if err := object.Set(name, value); err != nil {
		throw(m.vu.Runtime(), err)
	}
}
