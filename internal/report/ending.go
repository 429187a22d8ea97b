package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// Ending is how the test ended in some of the processes, where it wasn't as it should.
type Ending struct {
	result.Conclusion
	Processes []int
	At        time.Time // the first of them
	names     []string  // of the processes
}

// joinEndings gathers how the test ended in the processes, those alike together, in the
// order of the times.
func (r *Run) joinEndings() {
	for _, f := range r.Files {
		if f.Conclusion == nil || f.Conclusion.How == result.Completed {
			continue
		}
		at := slices.IndexFunc(r.Endings, func(e Ending) bool { return e.alike(f.Conclusion) })
		if at < 0 {
			r.Endings = append(r.Endings, Ending{Conclusion: *f.Conclusion, At: f.LastKnown()})
			at = len(r.Endings) - 1
		}
		e := &r.Endings[at]
		e.Text = joinTexts(e.Text, f.Conclusion.Text)
		if !slices.Contains(e.Processes, f.Process) { // two files can be of one number
			e.Processes = append(e.Processes, f.Process)
		}
		if name := r.nameOf(f); !slices.Contains(e.names, name) {
			e.names = append(e.names, name)
		}
		if f.LastKnown().Before(e.At) {
			e.At = f.LastKnown()
		}
	}
	slices.SortStableFunc(r.Endings, func(a, b Ending) int { return a.At.Compare(b.At) })
}

// alike reports whether another process has ended in the same way. Thresholds that aren't met
// in the end needn't be the same.
func (e *Ending) alike(c *result.Conclusion) bool {
	return e.Conclusion == *c || e.How == c.How && c.How == result.ThresholdsNotMet && e.ExitCode == c.ExitCode
}

// thresholdsOn is how k6 begins and ends a list of metrics whose thresholds aren't met.
var thresholdsOn = regexp.MustCompile(`^(thresholds on metrics ')(.+)(' have been crossed)$`)

// joinTexts returns what k6 says in two processes of their thresholds, with all metrics.
func joinTexts(a, b string) string {
	one, other := thresholdsOn.FindStringSubmatch(a), thresholdsOn.FindStringSubmatch(b)
	if a == b || one == nil || other == nil {
		return a
	}
	metrics := append(strings.Split(one[2], ", "), strings.Split(other[2], ", ")...)
	slices.Sort(metrics)
	return one[1] + strings.Join(slices.Compact(metrics), ", ") + one[3]
}

// Aborted returns how the test was first aborted, nil if it came to its end.
func (r *Run) Aborted() *Ending {
	for at := range r.Endings {
		if r.Endings[at].Aborted() {
			return &r.Endings[at]
		}
	}
	return nil
}

// howWords are what a reader is told of the ways to end: of the test, and of a process.
var howWords = map[result.How]struct{ test, process string }{
	result.Completed:          {"completed", "completed"},
	result.ThresholdsNotMet:   {"k6's thresholds aren't met", "thresholds not met"},
	result.MarkedAsFailed:     {"the script marked the test as failed", "marked as failed"},
	result.AbortedByThreshold: {"a threshold aborted the test", "aborted by a threshold"},
	result.AbortedByScript:    {"the script aborted the test", "aborted by the script"},
	result.Interrupted:        {"the test was interrupted", "interrupted"},
	result.Failed:             {"the test ended with an error", "ended with an error"},
}

// what is what happened to the test.
func (e *Ending) what() string {
	if words, known := howWords[e.How]; known {
		return words.test
	}
	return fmt.Sprintf("k6 ended with exit code %d", e.ExitCode)
}

// Sentence says what ended the test, where and when.
func (e *Ending) Sentence(r *Run) string {
	text := e.what()
	if !strings.HasPrefix(text, "k6") {
		text = upper(text)
	}
	if len(r.Files) > 1 || r.Processes > 1 {
		text += " in " + processList(e.names)
	}
	if e.Aborted() {
		text += " at " + clockTime(e.At) + ", before it had come to its end"
	}
	if metrics := thresholdsOn.FindStringSubmatch(e.Text); metrics != nil {
		text += ": " + metrics[2]
	} else if e.Text != "" {
		text += ": " + strings.TrimSuffix(e.Text, ".")
	}
	return text + "."
}

// processList is "process 1" or "processes 1, 2 and 3".
func processList(names []string) string {
	const most = 8
	if len(names) == 1 {
		return "process " + names[0]
	}
	if len(names) > most {
		return fmt.Sprintf("%d processes", len(names))
	}
	return "processes " + list(names)
}

// nameOf is a process's number, and where the files are of different numbers of processes also
// of how many it is: two files can be of one number.
func (r *Run) nameOf(f *result.File) string {
	if r.differ {
		return fmt.Sprintf("%d of %d", f.Process, f.Processes)
	}
	return fmt.Sprint(f.Process)
}

// stateOf is how a process ended, in a word or two.
func (r *Run) stateOf(f *result.File) string {
	switch {
	case f.State != result.Ended && r.outlived(f):
		return "killed"
	case f.State != result.Ended:
		return "killed, or running"
	case f.Conclusion == nil:
		return "ended"
	}
	if words, known := howWords[f.Conclusion.How]; known {
		return words.process
	}
	return fmt.Sprintf("exit code %d", f.Conclusion.ExitCode)
}
