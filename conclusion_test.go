package pushgw

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// exitData is what k6's exit event carries, whose type k6 doesn't export.
type exitData struct{ Error error }

func TestHowATestEnded(t *testing.T) {
	t.Parallel()
	with := func(text string, code exitcodes.ExitCode, reason errext.AbortReason) error {
		return errext.WithAbortReasonIfNone(errext.WithExitCodeIfNone(errors.New(text), code), reason)
	}
	for want, err := range map[result.Conclusion]error{
		{How: result.Completed}: nil,
		{How: result.AbortedByThreshold, Text: "thresholds on metrics 'pushgw_lost' were crossed", ExitCode: 99}: with(
			"thresholds on metrics 'pushgw_lost' were crossed; at least one has abortOnFail enabled, stopping test prematurely", 99, errext.AbortedByThreshold),
		{How: result.ThresholdsNotMet, Text: "crossed", ExitCode: 99}: with("crossed", 99, errext.AbortedByThresholdsAfterTestEnd),
		{How: result.Interrupted, Text: "k6 received a 'interrupt' signal", ExitCode: 105}: with(
			"test run was aborted because k6 received a 'interrupt' signal", 105, errext.AbortedByUser),
		{How: result.AbortedByScript, Text: "enough", ExitCode: 108}: fmt.Errorf(
			"%w at broadcast (file:///home/user/script.js:12:18(26))", &errext.InterruptError{Reason: "test aborted: enough"}),
		{How: result.AbortedByScript, ExitCode: 108}:                 &errext.InterruptError{Reason: errext.AbortTest},
		{How: result.Failed, Text: "Error: no rooms", ExitCode: 107}: with("Error: no rooms\n\tat setup (file:///script.js:6:7)", 107, errext.AbortedByScriptError),
		{How: result.MarkedAsFailed, Text: "marked", ExitCode: 110}:  errext.WithExitCodeIfNone(errors.New("marked"), exitcodes.MarkedAsFailed),
		{How: result.Failed, Text: strings.Repeat("x", 300)}:         errors.New(strings.Repeat("x", 1000)),
	} {
		require.Equal(t, &want, conclusionOf(&exitData{err}))
	}
}

// The end of a test is another event, and a later k6 may have other data.
func TestWhatIsNoExit(t *testing.T) {
	t.Parallel()
	for _, data := range []any{nil, 1, "text", exitData{}, (*exitData)(nil), &struct{ Error string }{}, &struct{ Other error }{}, &struct{ Error, Other error }{}} {
		require.Nil(t, conclusionOf(data), "%#v", data)
	}
}
