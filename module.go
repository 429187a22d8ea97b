// Package pushgw is the k6 extension k6/x/pushgw: load tests for push gateways,
// that is API Gateway WebSocket APIs, AppSync subscriptions and AppSync Events. This package is
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
	"go.k6.io/k6/v2/subcommand"
	"golang.org/x/time/rate"

	"github.com/pushgw/xk6-pushgw/internal/command"
	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/result"
	"github.com/pushgw/xk6-pushgw/internal/telemetry"
)

func init() {
	modules.Register("k6/x/pushgw", newProcess())
	subcommand.RegisterExtension("pushgw", command.New)
}

// process is what all VUs of the process share. It implements modules.Module.
type process struct {
	ledger    *ledger.Ledger
	ticker    telemetry.Ticker
	telemetry telemetry.Process
	lastID    atomic.Int64 // see nextID

	mu       sync.Mutex
	metrics  *telemetry.Metrics       // in the last registry seen; k6 has one
	limiters map[string]*rate.Limiter // by the gateway's host

	results   *result.Writer // nil if no result file is to be written; see openResults
	lookupEnv func(string) (string, bool)
	joined    sync.Once // see joinRun
	rollcalls rollcalls
	ordinals  ordinals
}

func newProcess() *process {
	return &process{ledger: ledger.New(), limiters: make(map[string]*rate.Limiter)}
}

// metricsIn returns this extension's metrics in a registry. All VUs share them.
func (p *process) metricsIn(registry *metrics.Registry) (*telemetry.Metrics, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.metrics == nil || p.metrics.Registry != registry {
		registered, err := registerMetrics(registry)
		if err != nil {
			return nil, err
		}
		p.metrics = registered
	}
	return p.metrics, nil
}

// nextID returns a number that no other connection of the process has.
func (p *process) nextID() int64 { return p.lastID.Add(1) }

// hostLimiter returns what all VUs share so that they open no more than this many
// connections a second to a host, evenly spread; nil for as fast as they can. The
// first rate counts.
func (p *process) hostLimiter(host string, perSecond float64) *rate.Limiter {
	if perSecond == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiters[host] == nil {
		p.limiters[host] = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	return p.limiters[host]
}

// NewModuleInstance implements modules.Module.
func (p *process) NewModuleInstance(vu modules.VU) modules.Instance {
	registered, err := p.metricsIn(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	p.ledger.SetClockOffset(clockOffset(vu.InitEnv().LookupEnv))
	p.noteEnvironment(vu)
	p.openResults(vu)
	m := &module{process: p, vu: vu, metrics: registered}
	m.exports = modules.Exports{Named: map[string]any{
		"apigw":   m.namespace(m.newAPIGatewayClient),
		"appsync": m.namespace(m.newAppSyncClient),
		"events":  m.namespace(m.newEventsClient),
	}}
	return m
}

// noteEnvironment keeps how to look up the environment of the test, which is the same for all
// VUs.
func (p *process) noteEnvironment(vu modules.VU) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lookupEnv == nil { // later VUs may come while others run
		p.lookupEnv = vu.InitEnv().LookupEnv
	}
}

// clockOffset is by how much this process's clock is to be wrong, so that a test can have
// processes whose clocks differ. Nobody else needs it.
func clockOffset(lookup func(string) (string, bool)) time.Duration {
	text, _ := lookup("PUSHGW_TEST_CLOCK_OFFSET")
	offset, _ := time.ParseDuration(text) // zero where it isn't one
	return offset
}

// module is the extension in one VU.
type module struct {
	process *process
	vu      modules.VU
	metrics *telemetry.Metrics
	exports modules.Exports
}

// Exports implements modules.Instance. It is called for every access from a script.
func (m *module) Exports() modules.Exports { return m.exports }

// namespaceMembers are the members of a dialect's namespace.
var namespaceMembers = []string{"Client"}

// namespace is an object with one class in it.
func (m *module) namespace(construct func(sobek.ConstructorCall) *sobek.Object) *sobek.Object {
	return newLazy(m.vu.Runtime(), namespaceMembers, func(string) any { return construct })
}

// throw throws err in the script.
func (m *module) throw(err error) { panic(toError(m.vu.Runtime(), err)) }

// text is a method's argument that must be a string. If it is something else, the script
// is told so by the format, which gets what it is.
func (m *module) text(value sobek.Value, format string) string {
	if value == nil {
		value = sobek.Undefined()
	}
	text, ok := value.Export().(string)
	if !ok {
		m.throw(scriptErrorf(nameUsageError, format, kind(value.Export())))
	}
	return text
}
