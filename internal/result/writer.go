package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Writer writes the collector's file every few seconds, and once more at the end.
type Writer struct {
	Directory string
	Collector *Collector
	// Connections returns how many connections are open, and Listening how many listeners
	// are ready, by their gateway.
	Connections func() int64
	Listening   func() map[string]int64
	Clock       func() Clock
	// Failed is called with the error of a write that failed.
	Failed func(error)

	once    sync.Once
	stop    chan struct{}
	stopped chan struct{}
	ended   time.Time // when End was called
}

// WriteEvery is how often the file is written while the process runs.
const WriteEvery = 5 * time.Second

const gaugeEvery = 500 * time.Millisecond

// A pulse that comes later than due by more than pulseLate tells that the process stood
// still: it was stopped, or got no processor. The read lag doesn't tell that, because the
// kernel dates all that it has gathered for a connection by what came last.
const (
	pulseEvery = 100 * time.Millisecond
	pulseLate  = 50 * time.Millisecond
)

// Start writes the file for the first time and begins to write it again and again. Further
// calls do nothing.
func (w *Writer) Start(id Identity, setup Setup) {
	w.once.Do(func() {
		w.Collector.Begin(id, setup, time.Now())
		w.stop, w.stopped = make(chan struct{}), make(chan struct{})
		go w.run()
	})
}

// End writes all that happened until the test's end. A writer that was never started writes
// nothing. Further calls do nothing.
func (w *Writer) End() {
	w.once.Do(func() {}) // too late to start
	if w.stop == nil || !w.ended.IsZero() {
		return
	}
	close(w.stop)
	<-w.stopped
	w.ended = time.Now()
	w.gauge()
	w.write(Ended, nil)
}

// Conclude writes the file once more, after End, with how the test ended.
func (w *Writer) Conclude(c Conclusion) {
	if !w.ended.IsZero() {
		w.write(Ended, &c)
	}
}

func (w *Writer) run() {
	defer close(w.stopped)
	defer func() { _ = recover() }() // else it would end k6, and there is nobody to tell
	pulse, gauge, write := time.NewTicker(pulseEvery), time.NewTicker(gaugeEvery), time.NewTicker(WriteEvery)
	defer pulse.Stop()
	defer gauge.Stop()
	defer write.Stop()
	w.gauge()
	w.write(Running, nil)
	last := time.Now()
	for {
		select {
		case <-w.stop:
			return
		case <-pulse.C:
			now := time.Now()
			w.pulse(last, now)
			last = now
		case <-gauge.C:
			w.gauge()
		case <-write.C:
			w.write(Running, nil)
			last = time.Now() // a slow disk is no stall
		case <-w.Collector.broadcasting: // others' files need what this one says of it
			w.write(Running, nil)
			last = time.Now()
		}
	}
}

// pulse notes for how long the process has stood still since the last pulse.
func (w *Writer) pulse(last, now time.Time) {
	if late := now.Sub(last) - pulseEvery; late > pulseLate {
		w.Collector.StoodStill(late, now)
	}
}

func (w *Writer) gauge() { w.Collector.Gauge(w.Connections(), w.Listening(), time.Now()) }

func (w *Writer) write(state State, conclusion *Conclusion) {
	f := w.Collector.Snapshot()
	f.State, f.Written, f.Clock, f.Conclusion = state, time.Now(), w.Clock(), conclusion
	if state == Ended {
		f.Ended = &w.ended
	}
	if err := f.write(w.Directory); err != nil {
		w.Failed(err)
	}
}

// write writes the file under its name, so that nobody ever sees a part of it.
func (f *File) write(directory string) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // results are for everybody
		return err
	}
	path := filepath.Join(directory, f.Name())
	part := path + ".part"
	if err := os.WriteFile(part, text, 0o644); err != nil { //nolint:gosec // results are for everybody
		return err
	}
	return os.Rename(part, path)
}
