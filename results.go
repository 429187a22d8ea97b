package pushgw

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/lib"

	"github.com/pushgw/xk6-pushgw/internal/doctor"
	"github.com/pushgw/xk6-pushgw/internal/result"
)

// openResults has the process write its result file, if PUSHGW_RESULT names a directory.
// The first VU in which the module is imported opens it; nothing is written before a
// script calls a method.
func (p *process) openResults(vu modules.VU) {
	env := vu.InitEnv()
	directory, _ := env.LookupEnv("PUSHGW_RESULT")
	if directory == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results != nil {
		return
	}
	p.telemetry.Results = result.NewCollector()
	p.results = &result.Writer{
		Directory:   directory,
		Collector:   p.telemetry.Results,
		Connections: p.telemetry.Connections,
		Listening:   p.ledger.Listening, // a roster's name begins with its gateway's
		Clock:       readClock,
		Failed: func(err error) {
			if p.telemetry.LogOnce("result file") {
				env.Logger.WithError(err).Error("pushgw: the result file can't be written (PUSHGW_RESULT)")
			}
		},
	}
	p.endWithTest(vu, env.Logger)
}

// endWithTest ends the result file when the test ends, and has it say how when k6 exits.
func (p *process) endWithTest(vu modules.VU, logger logrus.FieldLogger) {
	// k6 exports neither these events' type nor its values.
	const testEnd, exit = 3, 6
	events := vu.Events().Global
	if events == nil {
		logger.Warn("pushgw: the result file will not say that the test has ended, because this k6 doesn't tell")
		return
	}
	_, happened := events.Subscribe(testEnd, exit)
	go func() {
		for event := range happened {
			p.endResults(logger, event.Data)
			event.Done()
		}
	}()
}

// endResults writes what happened until the test's end, and how k6 says that it ended, if
// data is what it says as it exits. A panic there would end k6 before its summary.
func (p *process) endResults(logger logrus.FieldLogger, data any) {
	defer func() {
		if reason := recover(); reason != nil {
			logger.Errorf("pushgw: the result file doesn't say that the test has ended: %v", reason)
		}
	}()
	p.results.End()
	if conclusion := conclusionOf(data); conclusion != nil {
		p.results.Conclude(*conclusion)
	}
}

// beginResults begins the result file, now that a script has called a method and k6's
// options are known.
func (p *process) beginResults(state *lib.State, to backend) {
	if p.results == nil {
		return
	}
	url := to.webSocketURL()
	p.results.Start(p.identity(&state.Options), setupOf(&state.Options))
	p.telemetry.Results.UseGateway(result.Gateway{Name: to.tag(), URL: url.Scheme + "://" + url.Host + url.Path})
}

// identity says which process of which run this is. Where nobody knows which, it has the
// number by which it answers other processes, so that no two write the same file. Before,
// joinRun has drawn it.
func (p *process) identity(options *lib.Options) result.Identity {
	id := result.Identify(options, p.lookupEnv)
	if run := p.ledger.Run(); run.Distributed && run.Processes == 0 {
		id.Process, id.Processes = int(run.Process), 0
	}
	return id
}

// setupOf is how the test is run. Of the options it has those that hold no secret, so not
// the scenarios' environments.
func setupOf(o *lib.Options) result.Setup {
	setup := result.Setup{CPUs: runtime.GOMAXPROCS(0)}
	setup.Host, _ = os.Hostname()
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			switch module.Path {
			case "go.k6.io/k6/v2":
				setup.K6 = module.Version
			case "github.com/pushgw/xk6-pushgw":
				setup.Extension = version(module)
			}
		}
	}
	tuple, err := lib.NewExecutionTuple(o.ExecutionSegment, o.ExecutionSegmentSequence)
	if err != nil {
		return setup
	}
	for _, scenario := range o.Scenarios.GetSortedConfigs() {
		setup.Scenarios = append(setup.Scenarios, result.Scenario{
			Name: scenario.GetName(), Description: scenario.GetDescription(tuple),
		})
	}
	return setup
}

// version is a module's; that of a directory on this machine has none.
func version(module *debug.Module) string {
	if module.Replace != nil && (module.Replace.Version == "" || module.Replace.Version == "(devel)") {
		return "development build"
	}
	return module.Version
}

// readClock returns what the kernel says of the clock.
func readClock() result.Clock {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // on Linux only; random(4)
	read := result.Clock{Kernel: strings.TrimSpace(string(boot))}
	if clock, err := doctor.LocalMachine().Clock(); err == nil {
		read.Synchronised, read.Bound = clock.Synchronised, clock.MaxError.Microseconds()
	}
	return read
}
