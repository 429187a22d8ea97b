package report

import (
	"fmt"
	"strings"
)

// Result is whether a run has passed, and why not.
type Result struct {
	// Word is PASS or FAIL. It is empty where nothing was expected and nothing failed.
	Word    string
	Level   Level
	Reasons []string
	// ExitCode is the report's: 1 where the run has failed.
	ExitCode int
}

// Result judges a run. It has failed if not all is known, if an expectation isn't met, or if k6
// in any process doesn't exit with 0.
func (r *Run) Result(outcomes []Outcome) Result {
	v := Result{Level: None, Reasons: r.failures()}
	var unknown []string
	expected := int64(0)
	for _, o := range outcomes {
		if o.Run != r.Name {
			continue
		}
		expected++
		switch {
		case o.Met:
		case o.Unknown:
			unknown = append(unknown, r.named(o))
		default:
			v.Reasons = append(v.Reasons, r.named(o)+": "+o.Found)
		}
	}
	if len(unknown) > 0 {
		v.Reasons = append(v.Reasons, "not known: "+strings.Join(unknown, ", "))
	}
	for at := range r.Endings {
		if e := &r.Endings[at]; !e.Aborted() {
			v.Reasons = append(v.Reasons, e.what())
		}
	}
	switch {
	case len(v.Reasons) > 0:
		v.Word, v.Level, v.ExitCode = "FAIL", Bad, 1
	case expected > 0:
		v.Word, v.Level = "PASS", Good
		v.Reasons = []string{plural(expected, "expectation is met", "expectations are met")}
	default:
		v.Reasons = []string{"nothing was expected (--expect)"}
	}
	return v
}

// failures are what fails a run whatever was expected, besides k6's exit codes.
func (r *Run) failures() []string {
	failed := append([]string(nil), r.broken...)
	if e := r.Aborted(); e != nil {
		failed = append(failed, e.what())
	}
	if len(failed) == 0 && len(r.Unknown) > 0 {
		failed = append(failed, "not all losses are known")
	}
	return failed
}

// named is an expectation, with its gateway where there are several.
func (r *Run) named(o Outcome) string {
	if len(r.Gateways) > 1 {
		return o.Text() + " on " + gatewayName(o.Gateway)
	}
	return o.Text()
}

// String is the result in a line.
func (v Result) String() string {
	text := fmt.Sprintf("%s (exit code %d)", strings.Join(v.Reasons, "; "), v.ExitCode)
	if v.Word == "" {
		return upper(text)
	}
	return v.Word + ": " + text
}
