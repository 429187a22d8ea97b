package result

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/histogram"
)

// Collector gathers what the recorders of all VUs report. They do so ten times a second,
// so its lock is seldom waited for.
type Collector struct {
	mu       sync.Mutex
	file     File
	accounts map[Origin]*Account
	failures map[Failure]int64 // their Count is zero
	closings map[Closing]int64 // their Count is zero
	// broadcasting gets a value when the process begins to broadcast.
	broadcasting chan struct{}
	begun        bool // to do so
}

// NewCollector returns a collector of nothing yet.
func NewCollector() *Collector {
	return &Collector{
		file: File{
			Version: Version, State: Running, Intervals: Intervals{Length: shortest},
			Errors: make(map[string]int64), ReadyTime: &histogram.Distribution{},
		},
		accounts: make(map[Origin]*Account),
		failures: make(map[Failure]int64),
		closings: make(map[Closing]int64), broadcasting: make(chan struct{}, 1),
	}
}

// Begin notes which process this is, and how it is run.
func (c *Collector) Begin(id Identity, setup Setup, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.file.Identity, c.file.Setup, c.file.Started = id, setup, now
}

// UseGateway notes that the process connects to a gateway.
func (c *Collector) UseGateway(g Gateway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.file.Setup.Gateways, g) {
		c.file.Setup.Gateways = append(c.file.Setup.Gateways, g)
	}
}

// Batch is what one recorder has seen since it last reported.
type Batch struct {
	Gateway    string
	Deliveries []Delivery
	Opened     int64
	ReadyTimes []time.Duration
	Failures   map[Failure]int64 // their Count is zero
	Closings   map[Closing]int64 // their Count is zero
	Errors     map[string]int64
	Deaf       int64
}

// Delivery is one stamp that was read, or one time that stampPattern found.
type Delivery struct {
	Origin     uint32 // zero for stampPattern's
	Local      bool
	Duplicate  bool
	Reordered  bool
	Late       bool
	Delay, Lag time.Duration
}

// Add adds what a recorder has seen until now.
func (c *Collector) Add(b *Batch, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.file.Intervals.at(now)
	c.deliver(i, b)
	c.file.Opened += b.Opened
	i.Opened += b.Opened
	c.file.Ready += int64(len(b.ReadyTimes))
	for _, took := range b.ReadyTimes {
		c.file.ReadyTime.Add(took)
	}
	for failure, n := range b.Failures {
		c.failures[failure] += n
		i.Failed += n
	}
	for closing, n := range b.Closings {
		c.closings[closing] += n
		if closing.By == "gateway" {
			i.Closed += n
		}
	}
	for name, n := range b.Errors {
		c.file.Errors[name] += n
		i.Errors += n
	}
	c.file.Deaf += b.Deaf
}

// deliver enters deliveries. The lock is held.
func (c *Collector) deliver(i *Interval, b *Batch) {
	var a *Account
	var delays *histogram.Distribution // of a, in this interval
	for at, d := range b.Deliveries {
		if at == 0 || d.Origin != b.Deliveries[at-1].Origin {
			if a = c.account(OriginOf(b.Gateway, d.Origin), d.Local); a != nil {
				delays = i.delays(a.Origin)
			}
		}
		switch {
		case a == nil:
			c.file.NotRecorded++
		case d.Duplicate:
			a.Heard.Duplicated++
		default:
			delay := a.hear(d)
			delays.Add(delay)
			i.readLag().Add(d.Lag)
		}
	}
}

// hear enters a first copy, and returns its delay less the account's Base.
func (a *Account) hear(d Delivery) time.Duration {
	if a.Heard.First == 0 && !d.Local && (d.Delay < 0 || d.Delay > baseAbove) {
		a.Base = d.Delay.Microseconds()
	}
	a.Heard.First++
	a.Heard.Late += count(d.Late)
	a.Heard.Reordered += count(d.Reordered)
	delay := d.Delay - time.Duration(a.Base)*time.Microsecond
	a.Delay.Add(delay)
	return delay
}

// baseAbove is a delay that two clocks explain better than any gateway.
const baseAbove = 5 * time.Second

func count(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// OriginOf returns the origin of a stamp; zero is stampPattern's.
func OriginOf(gateway string, id uint32) Origin {
	if id == 0 {
		return Origin{Gateway: gateway}
	}
	return Origin{Gateway: gateway, ID: fmt.Sprintf("%08x", id)}
}

// mostOrigins bounds the accounts, because anybody can send stamps of ever new origins.
const mostOrigins = 64

// account returns the account of an origin, nil if there are too many. The lock is held.
func (c *Collector) account(of Origin, local bool) *Account {
	a := c.accounts[of]
	if a == nil && (local || len(c.accounts) < mostOrigins) {
		a = &Account{Origin: of, Local: local, Delay: &histogram.Distribution{}}
		c.accounts[of] = a
	}
	return a
}

// BroadcastSettled enters what became of one broadcast among this process's listeners.
func (c *Collector) BroadcastSettled(of Origin, local bool, b Broadcast) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.account(of, local); a != nil {
		a.add(b)
	}
}

// SeriesBegun enters how many broadcasts this process is about to send; zero if that isn't
// known before the end. SeriesEnded must follow.
func (c *Collector) SeriesBegun(of Origin, planned int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.account(of, true)
	a.Planned += planned
	a.Running++
	if !c.begun {
		c.begun = true
		c.broadcasting <- struct{}{} // which has room for one
	}
}

// SeriesEnded enters how many broadcasts were due that SeriesBegun wasn't told of, and how
// many were not sent.
func (c *Collector) SeriesEnded(of Origin, unplanned, unsent int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.account(of, true)
	a.Planned += unplanned
	a.Unsent += unsent
	a.Running--
}

// PlanHeard enters how many broadcasts another process is to send, as its openings say.
func (c *Collector) PlanHeard(of Origin, planned int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.account(of, false); a != nil {
		a.Planned = max(a.Planned, planned)
	}
}

// Unclosed enters that an account of another process's broadcasts ended without anybody here
// knowing how many there were.
func (c *Collector) Unclosed(of Origin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.account(of, false); a != nil {
		a.Unclosed++
	}
}

// ClockKnown enters what is known of a publisher's clock.
func (c *Collector) ClockKnown(of Origin, band ClockBand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.account(of, false); a != nil {
		a.Clock = &band
	}
}

// MeetLimit notes a limit of this host that kept a connection from being opened.
func (c *Collector) MeetLimit(limit string) {
	const most = 8
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.file.Limits) < most && !slices.Contains(c.file.Limits, limit) {
		c.file.Limits = append(c.file.Limits, limit)
	}
}

// StoodStill enters that this process did nothing for so long until now.
func (c *Collector) StoodStill(d time.Duration, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.file.Intervals.at(now).StoodStill += d.Microseconds()
}

// BarrierFailed notes why a call of ready() was rejected.
func (c *Collector) BarrierFailed(why string) {
	const most, longest = 8, 500
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.file.Barriers) < most {
		c.file.Barriers = append(c.file.Barriers, why[:min(len(why), longest)])
	}
}

// Gauge enters how many connections are open and how many listeners are ready on each
// gateway. The map isn't changed later.
func (c *Collector) Gauge(connections int64, listening map[string]int64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.file.Intervals.at(now)
	i.Connections, i.Listening, i.ListeningOn = connections, 0, listening
	for _, n := range listening {
		i.Listening += n
	}
}

// Snapshot returns a copy of all that was gathered.
func (c *Collector) Snapshot() *File {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.file
	f.Setup.Gateways = slices.Clone(f.Setup.Gateways)
	f.Limits = slices.Clone(f.Limits)
	f.Barriers = slices.Clone(f.Barriers)
	f.Errors = maps.Clone(f.Errors)
	f.ReadyTime = f.ReadyTime.Clone()
	f.Intervals.List = slices.Clone(f.Intervals.List)
	for at, i := range f.Intervals.List {
		f.Intervals.List[at] = i.clone()
	}
	byOrigin := func(a, b Origin) int { return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.ID, b.ID)) }
	for _, of := range sortedKeys(c.accounts, byOrigin) {
		a := *c.accounts[of]
		a.Broadcasts, a.Delay = slices.Clone(a.Broadcasts), a.Delay.Clone()
		f.Accounts = append(f.Accounts, &a)
	}
	byPhase := func(a, b Failure) int { return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Status, b.Status)) }
	for _, failure := range sortedKeys(c.failures, byPhase) {
		failure.Count = c.failures[failure]
		f.Failures = append(f.Failures, failure)
	}
	byCode := func(a, b Closing) int { return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Code, b.Code)) }
	for _, closing := range sortedKeys(c.closings, byCode) {
		closing.Count = c.closings[closing]
		f.Closings = append(f.Closings, closing)
	}
	return &f
}
