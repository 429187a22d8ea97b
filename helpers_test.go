package pushgw

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/grafana/sobek"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/js/modulestest"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
	"go.uber.org/goleak"

	"github.com/pushgw/xk6-pushgw/internal/ledger"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is a process of k6 and the gateway that it tests, with a network in memory
// between them. Its clock is synctest's: time passes only when everybody waits, so that
// every duration is exact and none is spent.
type world struct {
	*testing.T
	*network

	process *process
	env     map[string]string // of the process
}

// simulate runs f in a world whose gateway serves requests by handler.
func simulate(t *testing.T, handler http.Handler, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, network: newNetwork(), process: newProcess()}
		w.serve(handler)
		f(w)
	})
}

// serve serves requests until the test ends.
func (w *world) serve(handler http.Handler) {
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(w) }()
	w.Cleanup(func() { _ = server.Close() })
}

// vu is one VU, and what it has measured and logged.
type vu struct {
	*modulestest.Runtime

	t       *testing.T
	module  *module
	samples chan metrics.SampleContainer
	pushed  []metrics.Sample
	log     *logtest.Hook
}

// prelude is there for every script. Caught tells how a function fails.
const prelude = `
	const caught = async f => {
		try {
			return { returned: await f() };
		} catch (e) {
			return { name: e.name, code: e.code, message: e.message, isError: e instanceof Error };
		}
	};
	const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
`

// initVU returns a VU that is still in the init context.
func initVU(t *testing.T, p *process, env map[string]string) *vu {
	t.Helper()
	v := &vu{Runtime: modulestest.NewRuntime(t), t: t, samples: make(chan metrics.SampleContainer, 10_000)}
	var logger *logrus.Logger
	logger, v.log = logtest.NewNullLogger()
	logger.SetLevel(logrus.DebugLevel)
	v.VU.InitEnvField.Logger = logger
	v.VU.InitEnvField.LookupEnv = func(key string) (string, bool) { text, ok := env[key]; return text, ok }
	v.module, _ = p.NewModuleInstance(v.VU).(*module)
	for name, namespace := range v.module.Exports().Named {
		require.NoError(t, v.VU.Runtime().Set(name, namespace))
	}
	_, err := v.VU.Runtime().RunString(prelude)
	require.NoError(t, err)
	return v
}

// vu returns a VU of the process. Adapt changes its state before it runs.
func (w *world) vu(adapt ...func(*lib.State)) *vu {
	w.Helper()
	v := initVU(w.T, w.process, w.env)
	v.start(w.network, adapt...)
	return v
}

// start takes the VU from the init context to VU code.
func (v *vu) start(n *network, adapt ...func(*lib.State)) {
	transport := &http.Transport{DialContext: n.DialContext}
	v.t.Cleanup(transport.CloseIdleConnections)
	env := v.VU.InitEnvField
	state := &lib.State{
		Options:        lib.Options{SystemTags: &metrics.DefaultSystemTagSet},
		BuiltinMetrics: v.BuiltinMetrics,
		Logger:         env.Logger,
		Dialer:         n,
		Transport:      transport,
		Samples:        v.samples,
		BufferPool:     lib.NewBufferPool(),
		VUID:           1,
		VUIDGlobal:     7,
		Tags:           lib.NewVUStateTags(env.Registry.RootTagSet().With("scenario", "tested")),
	}
	for _, f := range adapt {
		f(state)
	}
	v.MoveToVUContext(state)
	require.NoError(v.t, v.VU.Runtime().Set("balance", func(of string, result map[string]int64) { v.balance(of, result) }))
	_, err := v.VU.Runtime().RunString(balancing)
	require.NoError(v.t, err)
}

// balancing has every result of broadcast() and listen() pass through balance.
const balancing = `
	const balanced = (object, name) => {
		const method = object[name];
		if (!method) return;
		const value = (...args) => method.apply(object, args).then(result => (balance(name, Object.assign({}, result)), result));
		Object.defineProperty(object, name, { value });
	};
	for (const namespace of ['apigw', 'appsync']) {
		const { Client } = globalThis[namespace];
		globalThis[namespace] = { Client: class extends Client {
			constructor(...args) {
				super(...args);
				balanced(this, 'broadcast');
				balanced(this, 'notify');
				balanced(this, 'listen');
				const connect = this.connect;
				const value = (...args) => connect(...args).then(host => (balanced(host, 'broadcast'), host));
				Object.defineProperty(this, 'connect', { value });
			}
		} };
	}
`

// balance: whatever happens, the figures of a result add up.
func (v *vu) balance(of string, r map[string]int64) {
	v.t.Helper()
	if of == "listen" {
		assert.Equal(v.t, r["opened"], r["ready"]+r["failed"]+r["unfinished"], "%v", r)
		assert.LessOrEqual(v.t, r["closed"], r["opened"], "%v", r)
		return
	}
	assert.Equal(v.t, r["planned"], r["sent"]+r["unsent"], "%v", r)
	assert.Equal(v.t, r["expected"], r["received"]+r["lost"]+r["indeterminate"], "%v", r)
	assert.Positive(v.t, r["planned"], "%v", r)
	for name, n := range r {
		if name != "first" && name != "p50" && name != "p99" && name != "last" { // which differ where clocks do
			assert.GreaterOrEqual(v.t, n, int64(0), name)
		}
	}
}

// run runs a script's body as one iteration, and returns what it returned.
func (v *vu) run(script string) any {
	v.t.Helper()
	value, err := v.try(script)
	require.NoError(v.t, err)
	return value
}

// try is run, with the error that ended the iteration if there was one. The iteration's
// context ends after it, as in k6.
func (v *vu) try(script string) (any, error) {
	v.t.Helper()
	var value sobek.Value
	const forever = 3 * time.Hour // else an iteration that never ends would fail with the test's own deadline
	defer time.AfterFunc(forever, v.CancelContext).Stop()
	err := v.EventLoop.Start(func() (err error) {
		value, err = v.VU.Runtime().RunString("(async () => {" + script + "\n})()")
		return err
	})
	v.CancelContext()
	v.EventLoop.WaitOnRegistered()
	for _, container := range metrics.GetBufferedSamples(v.samples) {
		v.pushed = append(v.pushed, container.GetSamples()...)
	}
	if err != nil {
		return nil, err
	}
	promise, ok := value.Export().(*sobek.Promise)
	require.True(v.t, ok)
	if promise.Result() == nil {
		return nil, nil
	}
	return promise.Result().Export(), nil
}

// fails runs a script and returns the error that it caught.
func (v *vu) fails(script string) failure {
	v.t.Helper()
	caught, ok := v.run(`return caught(async () => {` + script + `})`).(map[string]any)
	require.True(v.t, ok)
	require.Equal(v.t, true, caught["isError"], "%v", caught)
	f := failure{}
	f.name, _ = caught["name"].(string)
	f.message, _ = caught["message"].(string)
	f.code, _ = caught["code"].(int64)
	return f
}

// failure is an error as a script sees it.
type failure struct {
	name    string
	code    int64
	message string
}

// values are the values of a metric in the order they were pushed, of those samples that
// have all these tags, given as "name=value".
func (v *vu) values(metric string, tags ...string) []float64 {
	var values []float64
	for _, sample := range v.pushed {
		if sample.Metric.Name == metric && hasTags(sample.Tags, tags) {
			values = append(values, sample.Value)
		}
	}
	return values
}

func hasTags(set *metrics.TagSet, tags []string) bool {
	for _, tag := range tags {
		name, want, _ := strings.Cut(tag, "=")
		if value, ok := set.Get(name); !ok || value != want {
			return false
		}
	}
	return true
}

// sum is what a metric's values add up to.
func (v *vu) sum(metric string, tags ...string) float64 {
	sum := 0.0
	for _, value := range v.values(metric, tags...) {
		sum += value
	}
	return sum
}

// logged are the messages that were logged at a level.
func (v *vu) logged(level logrus.Level) []string {
	var messages []string
	for _, entry := range v.log.AllEntries() {
		if entry.Level == level {
			messages = append(messages, entry.Message)
		}
	}
	return messages
}

// The URLs of the gateway of a world.
const (
	chatURL    = "ws://gateway.test/dev"
	graphqlURL = "http://gateway.test/graphql"
)

// chatAudience is the audience in the chat's Room1.
var chatAudience = chatRoom("Room1")

// chatRoom is the audience in a room of the chat.
func chatRoom(room string) ledger.Name {
	return ledger.Name{Endpoint: "apigw gateway.test:80/dev", Key: room}
}

// roster returns that of clients whose listeners are all of one audience.
func (w *world) roster(audience ledger.Name) *ledger.Roster {
	return w.process.ledger.Roster(fmt.Sprintf("%s %q", audience.Endpoint, audience.Key))
}

// enter returns a listener of the audience that is connecting.
func (w *world) enter(audience ledger.Name) *ledger.Listener {
	l := w.roster(audience).Enter()
	l.Join(w.process.ledger.Audience(audience))
	return l
}

// listeners enters listeners that are ready into the audience, as if they were connected.
func (w *world) listeners(audience ledger.Name, n int) []*ledger.Listener {
	listeners := make([]*ledger.Listener, n)
	for i := range listeners {
		listeners[i] = w.enter(audience)
		listeners[i].Ready(nil)
	}
	return listeners
}

// delivers has a listener read the stamp in a text so long after it was sent.
func (w *world) delivers(listener *ledger.Listener, text string, after time.Duration) {
	w.Helper()
	s, _, _, ok := stamp.Find([]byte(text))
	assert.True(w, ok, text)
	w.process.ledger.Deliver(listener.Member(0), s, s.Sent.Add(after))
}

// chat is the chat application as far as its handshake goes. What else it is sent is
// said's.
func chat(said func(socket *websocket.Conn, text string)) http.Handler {
	return sockets(func(socket *websocket.Conn, text string) {
		switch {
		case strings.HasPrefix(text, "/join "):
			reply(socket, `Joined chat room "`+text[len("/join "):]+`"`)
		case strings.HasPrefix(text, "Broadcast-"), strings.HasPrefix(text, "Listener-"), strings.HasPrefix(text, "Host-"):
			reply(socket, "Using nickname: "+text)
		default:
			said(socket, text)
		}
	})
}

// chosen serves each request by the handler that choose returns. It runs alone.
func chosen(choose func(r *http.Request) http.Handler) http.Handler {
	var alone sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		alone.Lock()
		handler := choose(r)
		alone.Unlock()
		handler.ServeHTTP(w, r)
	})
}

// sockets upgrades every request, and hands on what is sent to it. Said runs alone.
func sockets(said func(socket *websocket.Conn, text string)) http.Handler {
	var alone sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = socket.Close() }()
		for {
			_, text, err := socket.ReadMessage()
			if err != nil {
				return
			}
			alone.Lock()
			said(socket, string(text))
			alone.Unlock()
		}
	})
}

func reply(socket *websocket.Conn, text string) {
	_ = socket.WriteMessage(websocket.TextMessage, []byte(text))
}

// requireThrows: what begins with call and goes on with each of these arguments throws
// an InvalidOption of that message, in VU code and before anything is dialled.
func requireThrows(t *testing.T, call string, arguments map[string]string) {
	t.Helper()
	simulate(t, http.NotFoundHandler(), func(w *world) {
		w.Helper()
		for argument, message := range arguments {
			w.requireThrows(call+argument+`)`, message)
		}
	})
}

func (w *world) requireThrows(expression, message string) {
	w.Helper()
	f := w.vu().fails(expression)
	require.Equal(w, message, f.message, expression)
	require.Equal(w, nameInvalidOption, f.name, expression)
	require.Zero(w, f.code)
}
