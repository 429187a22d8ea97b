package ledger

import (
	"sync"
	"time"
)

// Run is what this process knows of the test that it is a part of.
type Run struct {
	ID uint32 // all processes of a test have the same
	// Process is this one's number, of so many, both from 1. Processes is zero where nobody
	// knows how many there are; then the number is any that others hardly have.
	Process, Processes uint16
	// Distributed: control tokens are sent, because other processes may be listening.
	Distributed bool
	// Secret proves that control tokens come from this test; it may be empty.
	Secret []byte
	// ClockError is how far this host's clock may be from the true time; zero if nobody
	// knows.
	ClockError time.Duration
}

// SetRun says of which test the process is a part.
func (l *Ledger) SetRun(r Run) { l.run.Store(&r) }

// Run returns what SetRun was told last.
func (l *Ledger) Run() Run {
	if r := l.run.Load(); r != nil {
		return *r
	}
	return Run{}
}

// answers are when this process sent its latest answers to rolls, by their numbers.
type answers struct {
	mu   sync.Mutex
	last uint32
	sent [maxAnswers]instant
}

// maxAnswers is how many answers are remembered, the latest.
const maxAnswers = 256

// NextAnswer returns the number of an answer to a roll that is about to be sent. Listeners
// that are ready by now were ready before whatever the answer leads to.
func (l *Ledger) NextAnswer() uint32 {
	a := &l.answers
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	a.sent[a.last%maxAnswers] = instantOf(time.Now())
	return a.last
}

// sentAt returns when an answer was sent, and reports whether that is known.
func (a *answers) sentAt(number uint32) (instant, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if number == 0 || number > a.last || a.last-number >= maxAnswers {
		return 0, false
	}
	return a.sent[number%maxAnswers], true
}

// latest returns when the latest answer was sent, longAgo if none was.
func (a *answers) latest() instant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == 0 {
		return longAgo
	}
	return a.sent[a.last%maxAnswers]
}
