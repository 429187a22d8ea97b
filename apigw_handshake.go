package pushgw

import (
	"strings"
	"time"

	"github.com/pushgw/xk6-pushgw/internal/apigw"
)

// replyKinds are the options of a step that say which reply completes it.
var replyKinds = []string{"expect", "contains", "pattern"}

// readReply reads what a step of a handshake waits for, and for how long: no longer than
// the whole handshake may take.
func readReply(o *options, step *apigw.Step, whole time.Duration) {
	var given []string
	for _, kind := range replyKinds {
		if _, ok := o.raw(kind); ok {
			given = append(given, kind)
		}
	}
	if len(given) > 1 {
		o.fail(given[1], "can't be given beside %q: a step knows its reply by one of %s", given[0], strings.Join(replyKinds, ", "))
	}
	step.Expect, step.Contains = o.str("expect", ""), o.str("contains", "")
	if expression, _ := o.expression("pattern"); expression != "" {
		var err error
		if step.Pattern, err = apigw.NewPattern(expression); err != nil {
			o.fail("pattern", "%v", err)
		}
	}
	if len(given) > 0 && step.Expect == "" && step.Contains == "" && step.Pattern == nil {
		o.fail(given[0], "must not be empty")
	}
	readStepTimeout(o, step, whole, len(given) > 0)
}

// readStepTimeout reads for how long a step may wait.
func readStepTimeout(o *options, step *apigw.Step, whole time.Duration, waits bool) {
	if _, ok := o.raw("timeout"); !ok {
		return
	}
	step.Timeout = o.duration("timeout", 0)
	switch {
	case step.Timeout == 0:
		o.fail("timeout", "must be more than zero")
	case step.Timeout > whole:
		o.fail("timeout", "must not be longer than the client's, which is %s and bounds the whole handshake", whole)
	case !waits:
		o.fail("timeout", "needs a reply to wait for: one of %s", strings.Join(replyKinds, ", "))
	}
}
