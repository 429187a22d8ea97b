package e2e

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// requireIdentities requires that all accounts of a run add up, those that its script
// logged and those in its samples. Whatever runs k6 for a test calls it.
func (o *outcome) requireIdentities(t *testing.T) {
	t.Helper()
	for _, object := range o.objects {
		require.NoError(t, addsUp(object), "of %s", object)
	}
	require.NoError(t, o.samplesAddUp())
}

// addsUp looks for results of broadcast() and listen() in what a script logged, at any
// depth, and returns what doesn't add up in them.
func addsUp(object gjson.Result) error {
	if !object.IsObject() && !object.IsArray() {
		return nil
	}
	var err error
	if object.Get("planned").Exists() {
		err = errors.Join(fieldsAddUp(object, "planned", "sent", "unsent"),
			fieldsAddUp(object, "expected", "received", "lost", "indeterminate"))
	}
	if object.Get("opened").Exists() {
		err = errors.Join(err, fieldsAddUp(object, "opened", "ready", "failed", "unfinished"))
	}
	object.ForEach(func(_, member gjson.Result) bool {
		err = errors.Join(err, addsUp(member))
		return true
	})
	return err
}

// fieldsAddUp compares a field with the sum of others.
func fieldsAddUp(object gjson.Result, whole string, parts ...string) error {
	total := int64(0)
	for _, part := range parts {
		total += object.Get(part).Int()
	}
	if is := object.Get(whole).Int(); is != total {
		return fmt.Errorf("%s is %d, and %v together are %d", whole, is, parts, total)
	}
	return nil
}

// samplesAddUp: each delivery that was received or lost is one value of pushgw_reach, and
// what is lost has a cause. Every session became ready or failed, unless the test was
// interrupted meanwhile, and has ended.
func (o *outcome) samplesAddUp() error {
	received, lost := o.count("pushgw_reach"), o.count("pushgw_lost")
	sessions := o.count("ws_sessions", "role=listener") + o.count("ws_sessions", "role=host")
	ready, failed := o.observed("pushgw_ready_time"), o.count("pushgw_connect_failed", "phase=handshake")
	closed := o.count("pushgw_closed")
	switch {
	case o.observed("pushgw_reach") != received+lost:
		return fmt.Errorf("pushgw_reach has %d values, and %d were received and %d lost", o.observed("pushgw_reach"), received, lost)
	case lost != o.count("pushgw_lost", "cause=missing")+o.count("pushgw_lost", "cause=cut"):
		return errors.New("something is lost without a cause")
	case ready+failed > sessions:
		return fmt.Errorf("of %d sessions %d became ready and %d failed in the handshake", sessions, ready, failed)
	case closed > sessions, closed < sessions && o.exit != scriptException && o.exit != scriptRejected: // k6 doesn't wait then
		return fmt.Errorf("of %d sessions %d have ended", sessions, closed)
	}
	return nil
}

// TestIdentities: the helper notices what doesn't add up, however deep it is.
func TestIdentities(t *testing.T) {
	t.Parallel()
	const account = `{"planned":5,"sent":3,"unsent":2,"expected":30,"received":20,"lost":9,"indeterminate":1}`
	const result = `{"opened":10,"ready":7,"failed":2,"unfinished":1}`
	for _, right := range []string{`{}`, `5`, `{"sent":3}`, account, result, `{"a":[` + account + `,` + result + `]}`} {
		require.NoError(t, addsUp(gjson.Parse(right)), right)
	}
	for _, wrong := range []string{
		`{"planned":5,"sent":3,"unsent":1}`, `{"planned":0,"expected":30,"received":20,"lost":9}`, `{"opened":10,"ready":9}`,
		`{"act":"listen","result":{"opened":1}}`, `{"a":[{"planned":1}]}`,
	} {
		require.Error(t, addsUp(gjson.Parse(wrong)), wrong)
	}
	sample := func(metric string, value int, tags string) gjson.Result {
		return gjson.Parse(fmt.Sprintf(`{"metric":%q,"data":{"value":%d,"tags":{%s}}}`, metric, value, tags))
	}
	for name, samples := range map[string][]gjson.Result{
		"lost and not in reach":     {sample("pushgw_lost", 1, `"cause":"cut"`)},
		"not lost and in reach":     {sample("pushgw_reach", 0, "")},
		"without a cause":           {sample("pushgw_lost", 1, ""), sample("pushgw_reach", 0, "")},
		"ready without a session":   {sample("pushgw_ready_time", 5, "")},
		"a session without an end":  {sample("ws_sessions", 1, `"role":"host"`)},
		"an end without a session":  {sample("pushgw_closed", 1, "")},
		"failed, without a session": {sample("pushgw_connect_failed", 1, `"phase":"handshake"`)},
	} {
		require.Error(t, (&outcome{samples: samples}).samplesAddUp(), name)
	}
	require.NoError(t, (&outcome{samples: []gjson.Result{
		sample("pushgw_lost", 1, `"cause":"missing"`), sample("pushgw_reach", 0, ""), sample("pushgw_reach", 1, ""),
		sample("ws_sessions", 1, `"role":"listener"`), sample("pushgw_ready_time", 5, ""), sample("pushgw_closed", 1, ""),
	}}).samplesAddUp())
}
