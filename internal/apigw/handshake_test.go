package apigw

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/dialect"
)

// A step's reply is known by its beginning, by a text in it or by a pattern; nothing else
// completes it.
func TestRepliesOfEachKind(t *testing.T) {
	t.Parallel()
	const reply = `{"type":"joined","connectionId":"a="}`
	for name, c := range map[string]struct {
		step   Step
		others []string
		id     string
	}{
		"by its beginning": {Step{Expect: `{"type":"jo`}, []string{`{"type":"left"}`, " " + reply, ""}, ""},
		"by a text in it":  {Step{Contains: `joined`}, []string{`{"type":"Joined"}`, ""}, ""},
		"by a pattern":     {Step{Pattern: mustPattern(t, `"type":"join(ed|s)"`)}, []string{`{"type":"join"}`, ""}, ""},
		"by one with an id": {
			Step{Pattern: mustPattern(t, `"connectionId":"(?<connectionId>[^"]+)"`)}, []string{`{"connectionId":""}`, ""}, "a=",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.step.Counter, c.step.Timeout = "joined", time.Second
			s := New([]Step{c.step, {Send: "b", Expect: "B", Timeout: time.Minute}})
			assert.Equal(t, want{{Kind: dialect.Progress, StepTimeout: time.Second}}, flatten(s.Open()))
			for _, other := range c.others {
				require.Equal(t, want{{Kind: dialect.Data}}, flatten(s.Receive([]byte(other))), other)
			}
			assert.Equal(t, want{{
				Kind: dialect.Progress, Counter: "joined", Answer: []byte("b"), StepTimeout: time.Minute, ConnectionID: c.id,
			}}, flatten(s.Receive([]byte(reply))))
			assert.Equal(t, want{ready("b", "", "")}, flatten(s.Receive([]byte("B"))))
		})
	}
}

// Each event has the timeout of the step that begins with it, so that the last one counts.
func TestTimeoutsOfStepsThatWaitForNoReply(t *testing.T) {
	t.Parallel()
	s := New([]Step{{Send: "a"}, {Send: "b", Expect: "B", Timeout: time.Second}, {Send: "c", Expect: "C"}})
	second := progress("a", "", "b")
	second.StepTimeout = time.Second
	assert.Equal(t, want{progress("", "", "a"), second}, flatten(s.Open()))
	assert.Equal(t, want{progress("b", "", "c")}, flatten(s.Receive([]byte("B"))))
}

func TestExplain(t *testing.T) {
	t.Parallel()
	cause := errors.New("it ended")
	long := strings.Repeat("x", 199) + "é and more"
	pattern := mustPattern(t, `ok (?<connectionId>\S+)`)
	for name, c := range map[string]struct {
		steps  []Step
		frames []string
		want   string
	}{
		"nothing came": {
			ChatHandshake("Ann", "Room1"), nil,
			"step 1 of 2, which sent `Ann` and waited for a text that begins with `Using nick`, failed: it ended; no frame came",
		},
		"the reply to another step": {
			ChatHandshake("Ann", "Room1"),
			[]string{"Using nickname: Ann\nType /help."},
			"step 2 of 2, which sent `/join Room1` and waited for a text that begins with `Joined chat`, failed: it ended; " +
				`the last frame that came was "Using nickname: Ann\nType /help."`,
		},
		"the last of many": {
			[]Step{{Send: `{"action":"hi"}`, Contains: `"ok"`, Timeout: 1500 * time.Millisecond}},
			[]string{"a", `{"a":"` + long, "", `{"b":1}`},
			"step 1 of 1, which sent `{\"action\":\"hi\"}` and waited up to 1.5s for a text that contains `\"ok\"`, failed: it ended; " +
				"the last frame that came was `{\"b\":1}`",
		},
		"an empty one": {
			[]Step{{Expect: "a"}},
			[]string{"b", ""},
			"step 1 of 1, which waited for a text that begins with `a`, failed: it ended; the last frame that came was ``",
		},
		"a long one": {
			[]Step{{Send: strings.Repeat("s", 61), Pattern: pattern}},
			[]string{long},
			"step 1 of 1, which sent `" + strings.Repeat("s", 60) + "`… and waited for a text that matches `ok (?<connectionId>\\S+)`, " +
				"failed: it ended; the last frame that came was `" + strings.Repeat("x", 199) + "`…",
		},
		"a step between others": {
			[]Step{{Send: "a"}, {Send: "b", Pattern: pattern}, {Send: "c"}, {Send: "d", Expect: "D"}},
			[]string{"ok id"},
			"step 4 of 4, which sent `d` and waited for a text that begins with `D`, failed: it ended; the last frame that came was `ok id`",
		},
		"a refusal": {
			ChatHandshake("Ann", "Room1"),
			[]string{using, forbidden, "whatever"},
			"step 2 of 2, which sent `/join Room1` and waited for a text that begins with `Joined chat`, failed: it ended; " +
				"the last frame that came was `" + forbidden + "`",
		},
		"a handshake that is complete": {ChatHandshake("Ann", ""), []string{using}, "it ended"},
		"none":                         {nil, []string{"a"}, "it ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(c.steps)
			s.Open()
			for _, frame := range c.frames {
				s.Receive([]byte(frame))
			}
			err := s.Explain(cause)
			require.ErrorIs(t, err, cause)
			assert.EqualError(t, err, c.want)
		})
	}
}

// What the handshake needs isn't kept by a listener that is ready.
func TestTheLastFrameIsFreed(t *testing.T) {
	t.Parallel()
	s := New([]Step{{Expect: "a"}})
	s.Open()
	s.Receive([]byte("b"))
	assert.Equal(t, "b", string(s.handshake.last))
	s.Receive([]byte("a"))
	s.Receive([]byte("c"))
	assert.Nil(t, s.handshake)
}
