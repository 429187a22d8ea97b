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
	// ExitCode is the report's, and K6 the highest of the processes that came to their end: 99
	// where thresholds aren't met.
	ExitCode, K6 int
}

// Result judges a run. It has failed if the report or k6 in any process doesn't exit with 0.
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
	if len(v.Reasons) > 0 {
		v.ExitCode = 1
	}
	for at := range r.Endings {
		if e := &r.Endings[at]; !e.Aborted() {
			v.K6 = max(v.K6, e.ExitCode)
			v.Reasons = append(v.Reasons, e.what())
		}
	}
	switch {
	case len(v.Reasons) > 0:
		v.Word, v.Level = "FAIL", Bad
	case expected > 0:
		v.Word, v.Level = "PASS", Good
		v.Reasons = []string{plural(expected, "expectation is met", "expectations are met")}
	default:
		v.Reasons = []string{"nothing was expected (--expect)"}
	}
	return v
}

// failures are what makes the exit code 1 whatever was expected.
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

// Exit says with which codes the report and k6 exit.
func (v Result) Exit() string {
	if v.K6 > 0 {
		return fmt.Sprintf("exit code %d; k6's was %d", v.ExitCode, v.K6)
	}
	return fmt.Sprintf("exit code %d", v.ExitCode)
}

// String is the result in a line.
func (v Result) String() string {
	text := strings.Join(v.Reasons, "; ") + " (" + v.Exit() + ")"
	if v.Word == "" {
		return upper(text)
	}
	return v.Word + ": " + text
}
