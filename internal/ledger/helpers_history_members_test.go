package ledger

import (
	"errors"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

func (h *history) ready() {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	m.real.Ready(nil)
	if m.state == connecting {
		m.state = listening
	}
}

func (h *history) leave() {
	if len(h.members) == 0 {
		return
	}
	m := pick(h.random, h.members)
	past := &h.past[m.audience]
	how := []Departure{Local, Cut}[h.random.IntN(2)]
	switch n := h.random.IntN(4); {
	case n == 0 && m.state == connecting:
		m.real.Fail(errPipe)
		h.failed(m, errPipe)
	case n == 1 && m.state == connecting:
		m.real.Fail(nil)
	case n == 2 && m.state == connecting:
		m.real.Leave(how)
		if how == Cut {
			h.failed(m, errCut)
		}
	default:
		m.real.Fail(nil) // which does nothing to a listener that was ready
		m.real.Leave(how)
		if m.state == listening {
			past.Left++
			if how == Cut {
				past.CutOff++
			}
			h.giveUp(m, how)
		}
	}
	if m.state == listening && how == Cut {
		m.state = cutOff
	} else if m.state != cutOff {
		m.state = gone
	}
}

var errPipe = errors.New("broken pipe")

func (h *history) failed(m *modelMember, err error) {
	past := &h.past[m.audience]
	past.Failed++
	if past.FirstFailure == nil {
		past.FirstFailure = err
	}
}

// giveUp gives up what a listener that leaves had yet to read.
func (h *history) giveUp(m *modelMember, how Departure) {
	for _, b := range h.sent {
		switch {
		case b.series.closed || b.closed || !b.due[m] || m.had[b.Stamp] || m.tooOld(b.Stamp):
		case b.retracted && b.passed(time.Now()) || !b.retracted && b.settledAt(time.Now()):
		case how == Cut:
			b.cut++
		default:
			b.indeterminate++
		}
	}
}

func (h *history) enter() {
	m := &modelMember{audience: h.random.IntN(2), had: make(map[stamp.Stamp]bool), highest: make(map[uint32]uint32)}
	if len(h.plans) > 0 && h.random.IntN(2) == 0 {
		plan := pick(h.random, h.plans)
		m.audience, m.real = plan.audience, plan.real.Enter()
		m.real.Join(h.audience(m.audience))
		plan.left = max(0, plan.left-1)
	} else {
		m.real = enterAs(h.roster(m.audience), h.audience(m.audience))
	}
	h.members = append(h.members, m)
}

// plan makes a plan, or cancels one.
func (h *history) plan() {
	if len(h.plans) > 0 && h.random.IntN(2) == 0 {
		plan := pick(h.random, h.plans)
		plan.real.Cancel()
		plan.left = 0
		return
	}
	plan := &modelPlan{audience: h.random.IntN(2), left: h.random.IntN(5)}
	plan.real = h.roster(plan.audience).Plan(plan.left)
	h.plans = append(h.plans, plan)
}
