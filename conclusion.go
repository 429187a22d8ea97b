package pushgw

import (
	"errors"
	"reflect"
	"regexp"
	"strings"

	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// conclusionOf returns how the test ended, as the data of k6's exit event tells; nil for the
// data of another event.
func conclusionOf(data any) *result.Conclusion {
	err, exits := exitError(data)
	switch {
	case !exits:
		return nil
	case err == nil:
		return &result.Conclusion{How: result.Completed}
	}
	c := &result.Conclusion{Text: shortText(err.Error())}
	var coded errext.HasExitCode
	if errors.As(err, &coded) {
		c.ExitCode = int(coded.ExitCode())
	}
	c.How = howEnded(err, c.ExitCode)
	return c
}

// exitError returns the error with which k6 exits, and whether data is that of its exit
// event. The type is in a package of k6's that nobody else can import: a pointer to a struct
// whose only field is Error.
func exitError(data any) (err error, exits bool) {
	v := reflect.ValueOf(data)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct || v.Elem().NumField() != 1 {
		return nil, false
	}
	field := v.Elem().FieldByName("Error")
	if !field.IsValid() || field.Type() != reflect.TypeFor[error]() {
		return nil, false
	}
	err, _ = field.Interface().(error)
	return err, true
}

// howEnded is what k6's error and its exit code say of why it exits.
func howEnded(err error, exitCode int) result.How {
	var reason errext.HasAbortReason
	if !errors.As(err, &reason) {
		if exitCode == int(exitcodes.MarkedAsFailed) {
			return result.MarkedAsFailed
		}
		return result.Failed
	}
	switch reason.AbortReason() {
	case errext.AbortedByThresholdsAfterTestEnd:
		return result.ThresholdsNotMet
	case errext.AbortedByThreshold:
		return result.AbortedByThreshold
	case errext.AbortedByScriptAbort:
		return result.AbortedByScript
	case errext.AbortedByUser:
		return result.Interrupted
	case errext.AbortedByScriptError, errext.AbortedByTimeout, errext.AbortedByOutput:
	}
	return result.Failed
}

// inScript is where in the script something happened, which is told by a path of this machine.
var inScript = regexp.MustCompile(` at \S+ \([a-z]+://.*$`)

// shortText is what k6 says, without what a conclusion says in other words.
func shortText(text string) string {
	const longest = 300
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, "; at least one has abortOnFail")
	text = inScript.ReplaceAllString(text, "")
	text = strings.TrimPrefix(text, "test run was aborted because ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, errext.AbortTest), ": ")
	return strings.ToValidUTF8(text[:min(len(text), longest)], "")
}
