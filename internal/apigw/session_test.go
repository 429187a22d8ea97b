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

// received is one frame and what it means. If do is set, it is a step that is added
// instead.
type received struct {
	frame string
	do    *Step
	want  want
}

func TestSession(t *testing.T) {
	t.Parallel()
	data := want{{Kind: dialect.Data}}
	tests := []struct {
		name   string
		steps  []Step
		open   want
		frames []received
	}{
		{
			name:  "chat",
			steps: ChatHandshake("Ann", "Room1"),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{frame: using, want: want{progress("Ann", "nickname_counter", "/join Room1")}},
				{frame: joined, want: want{ready("/join Room1", "joined_success_counter", "")}},
				{frame: "Broadcast: hello", want: data},
				{frame: joined, want: data},
			},
		},
		{
			name:  "chat without a room",
			steps: ChatHandshake("Ann", ""),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{frame: using, want: want{ready("Ann", "nickname_counter", "")}},
				{frame: joined, want: data},
			},
		},
		{
			name:  "a broadcast overtakes the reply",
			steps: ChatHandshake("Ann", "Room1"),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{frame: joined, want: data},
				{frame: using, want: want{progress("Ann", "nickname_counter", "/join Room1")}},
				{frame: "Broadcast: hello", want: data},
				{frame: using, want: data},
				{frame: "Joined cha", want: data},
				{frame: "Bob: " + joined, want: data},
				{frame: "", want: data},
				{frame: joined, want: want{ready("/join Room1", "joined_success_counter", "")}},
			},
		},
		{
			name: "no handshake",
			open: want{{Kind: dialect.Ready}},
			frames: []received{
				{frame: using, want: data},
				{frame: forbidden, want: want{{Kind: dialect.Failure, Err: forbiddenError()}}},
			},
		},
		{
			name:  "a refused handshake is over",
			steps: ChatHandshake("Ann", "Room1"),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{frame: forbidden, want: want{refusal("Ann", "")}},
				{frame: using, want: data},
				{frame: joined, want: data},
				{do: &Step{Send: "/ls", Expect: "Room"}, want: want{progress("", "", "/ls")}},
				{frame: "Room1", want: want{progress("/ls", "", "")}},
				{do: &Step{Send: "/who", Expect: "Ann"}, want: want{progress("", "", "/who")}},
				{frame: "Ann", want: want{progress("/who", "", "")}},
				{do: &Step{Send: "/ls", Expect: "Room"}, want: want{progress("", "", "/ls")}},
				{frame: forbidden, want: want{refusal("/ls", "")}},
			},
		},
		{
			name:  "a refused handshake lets later requests go on",
			steps: ChatHandshake("Ann", "Room1"),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{do: &Step{Send: "hello", Counter: "hello_counter"}, want: want{progress("", "", "")}},
				{frame: forbidden, want: want{refusal("Ann", "hello"), progress("hello", "hello_counter", "")}},
			},
		},
		{
			name:  "later requests take their turn",
			steps: ChatHandshake("Ann", ""),
			open:  want{progress("", "", "Ann")},
			frames: []received{
				{do: &Step{Send: "/join R2", Expect: "Joined chat", Counter: "joined_success_counter"}, want: want{progress("", "", "")}},
				{do: &Step{Send: "/join R3", Expect: "Joined chat"}, want: want{progress("", "", "")}},
				{frame: using, want: want{ready("Ann", "nickname_counter", "/join R2")}},
				{frame: forbidden, want: want{refusal("/join R2", "/join R3")}},
				{frame: "Ann: hello", want: data},
				{frame: `Joined chat room "R3"`, want: want{progress("/join R3", "", "")}},
				{do: &Step{Send: "bye"}, want: want{progress("", "", "bye"), progress("bye", "", "")}},
				{frame: forbidden, want: want{{Kind: dialect.Failure, Err: forbiddenError()}}},
			},
		},
		{
			name:  "steps that wait for no reply are passed over",
			steps: []Step{{Send: "a", Counter: "a_counter"}, {Send: "b"}, {Send: "c", Expect: "C"}, {Send: "d", Counter: "d_counter"}},
			open:  want{progress("", "", "a"), progress("a", "a_counter", "b"), progress("b", "", "c")},
			frames: []received{
				{frame: "C", want: want{progress("c", "", "d"), ready("d", "d_counter", "")}},
			},
		},
		{
			name:  "nothing to wait for",
			steps: []Step{{Send: "a"}},
			open:  want{progress("", "", "a"), ready("a", "", "")},
		},
		{
			name:  "a step that only waits",
			steps: []Step{{Expect: "Welcome", Counter: "welcome_counter"}, {Send: "a", Expect: "A"}},
			open:  want{progress("", "", "")},
			frames: []received{
				{frame: "Welcome!", want: want{progress("", "welcome_counter", "a")}},
				{frame: "A", want: want{ready("a", "", "")}},
			},
		},
		{
			name:  "JSON replies aren't taken for errors, nor errors for replies",
			steps: []Step{{Send: `{"action":"join"}`, Expect: `{`}, {Send: "x", Expect: "X"}},
			open:  want{progress("", "", `{"action":"join"}`)},
			frames: []received{
				{frame: `{"message":"joined","connectionId":"L0SM9cOFvHcCIhw="}`, want: want{progress(`{"action":"join"}`, "", "x")}},
				{frame: `{"message":"joined","connectionId":"L0SM9cOFvHcCIhw="}`, want: data},
				{frame: forbidden, want: want{refusal("x", "")}},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := New(test.steps)
			assert.Equal(t, test.open, flatten(s.Open()))
			for _, r := range test.frames {
				if r.do != nil {
					assert.Equal(t, r.want, flatten(s.Do(*r.do)), r.do.Send)
					continue
				}
				assert.Equal(t, r.want, flatten(s.Receive([]byte(r.frame))), r.frame)
			}
			assert.Empty(t, s.Farewell())
		})
	}
}

// A request that is withdrawn isn't waited for, and those after it go on.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	join := JoinStep
	withdrawn := func(answer string) want { return want{progress("", "", answer)} }

	s := New(nil)
	s.Open()
	s.Do(join("a"))
	s.Do(join("b"))
	s.Do(join("c"))
	assert.Equal(t, withdrawn(""), flatten(s.Withdraw(join("b"))), "it wasn't sent yet")
	assert.Equal(t, withdrawn("/join c"), flatten(s.Withdraw(join("a"))), "the next one's turn has come")
	assert.Equal(t, withdrawn(""), flatten(s.Withdraw(join("a"))), "there is none any more")
	assert.Equal(t, want{progress("/join c", "joined_success_counter", "")}, flatten(s.Receive([]byte(joined))))
	assert.Equal(t, withdrawn(""), flatten(s.Withdraw(join("c"))), "it is complete")
	assert.Equal(t, want{{Kind: dialect.Data}}, flatten(s.Receive([]byte(joined))))

	assert.Equal(t, want{progress("", "", "/join d")}, flatten(s.Do(join("d"))))
	assert.Equal(t, withdrawn(""), flatten(s.Withdraw(join("d"))))
	assert.Nil(t, s.steps)
	assert.Equal(t, want{{Kind: dialect.Data}}, flatten(s.Receive([]byte(joined))))
	assert.Equal(t, want{progress("", "", "/join e")}, flatten(s.Do(join("e"))), "nothing is in its way")

	// What the next request completes by itself is an event of its own.
	s.Do(Step{Send: "hello", Counter: "hello_counter"})
	assert.Equal(t, want{progress("", "", "hello"), progress("hello", "hello_counter", "")}, flatten(s.Withdraw(join("e"))))

	// Of two that are alike the first is withdrawn.
	s.Do(join("f"))
	s.Do(join("f"))
	assert.Equal(t, withdrawn("/join f"), flatten(s.Withdraw(join("f"))))
}

// The handshake's own requests can't be withdrawn, even if a later one is the same, and
// other sessions have theirs.
func TestWithdrawLeavesTheHandshake(t *testing.T) {
	t.Parallel()
	steps := ChatHandshake("Ann", "Room1")
	s := New(steps)
	s.Open()
	for _, step := range steps {
		assert.Equal(t, want{progress("", "", "")}, flatten(s.Withdraw(step)))
	}
	s.Do(steps[1])
	s.Do(Step{Send: "/ls", Expect: "Room"})
	s.Withdraw(steps[1])
	assert.Equal(t, want{progress("Ann", "nickname_counter", "/join Room1")}, flatten(s.Receive([]byte(using))))
	assert.Equal(t, want{ready("/join Room1", "joined_success_counter", "/ls")}, flatten(s.Receive([]byte(joined))))
	assert.Equal(t, ChatHandshake("Ann", "Room1"), steps)
}

func TestSessionsShareSteps(t *testing.T) {
	t.Parallel()
	steps := append(make([]Step, 0, 10), ChatHandshake("Ann", "Room1")...)
	a, b := New(steps), New(steps)
	a.Open()
	b.Open()
	a.Do(Step{Send: "a"})
	b.Do(Step{Send: "b"})
	for _, s := range []*Session{a, b} {
		s.Receive([]byte(using))
	}
	assert.Equal(t, "a", string(a.Receive([]byte(joined)).Answer))
	assert.Equal(t, "b", string(b.Receive([]byte(joined)).Answer))
	assert.Equal(t, ChatHandshake("Ann", "Room1"), steps)
}

// The steps of a handshake must not stay in memory with every listener.
func TestAHandshakeIsFreed(t *testing.T) {
	t.Parallel()
	for _, replies := range [][]string{{using, joined}, {forbidden}} {
		s := New(ChatHandshake("Ann", "Room1"))
		s.Open()
		for _, reply := range replies {
			s.Receive([]byte(reply))
		}
		assert.Nil(t, s.steps)
	}
}

func TestDataIsFree(t *testing.T) {
	frames := []string{
		"Broadcast: pgw-0000002a00000001-00063a1b2c3d4-89abcdef",
		`{"message":"hello","connectionId":"L0SM9cOFvHcCIhw=","from":"Ann"}`,
	}
	for _, frame := range frames {
		s, data := New(ChatHandshake("Ann", "Room1")), []byte(frame)
		s.Open()
		assert.Zero(t, testing.AllocsPerRun(100, func() { s.Receive(data) }), frame)
	}
}

func BenchmarkReceive(b *testing.B) {
	frames := map[string]string{
		"Text":  "Broadcast: pgw-0000002a00000001-00063a1b2c3d4-89abcdef",
		"JSON":  `{"action":"message","from":"Ann","text":"` + strings.Repeat("x", 200) + `","at":1767323045678}`,
		"Error": forbidden,
	}
	for name, frame := range frames {
		b.Run(name, func(b *testing.B) {
			s, data := New(nil), []byte(frame)
			s.Open()
			b.ReportAllocs()
			for b.Loop() {
				s.Receive(data)
			}
		})
	}
}

// FuzzSession passes two frames to a session and checks what must hold for any frames.
func FuzzSession(f *testing.F) {
	f.Add([]byte(using), []byte(joined))
	f.Add([]byte(joined), []byte(forbidden))
	f.Add([]byte(forbidden), []byte(`{"message":"`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		wordy := New([]Step{{Pattern: mustPattern(t, `(?<connectionId>.*)`), Timeout: time.Second}})
		wordy.Open()
		requireSound(t, wordy.Receive(first))
		require.Error(t, wordy.Explain(errors.New("why")))
		s := New(ChatHandshake("Ann", "Room1"))
		s.Open()
		over, counters := false, []string{}
		for _, frame := range [][]byte{first, second, []byte("x")} {
			for _, e := range flatten(s.Receive(frame)) {
				requireSound(t, e)
				require.False(t, over && e.Kind != dialect.Data && e.Kind != dialect.Failure)
				over = over || e.Kind == dialect.Ready || e.Kind == dialect.Refusal
				if e.Counter != "" {
					counters = append(counters, e.Counter)
				}
			}
		}
		require.Subset(t, []string{"nickname_counter", "joined_success_counter"}, counters)
	})
}

func requireSound(t *testing.T, e dialect.Event) {
	t.Helper()
	isError := e.Kind == dialect.Failure || e.Kind == dialect.Refusal
	require.Equal(t, isError, e.Err != nil)
	if isError {
		require.Contains(t, ErrorNames(), e.Err.Name)
		require.Empty(t, e.Counter)
	}
	require.NotEqual(t, dialect.Unknown, e.Kind)
	require.NotEqual(t, dialect.KeepAlive, e.Kind)
	require.NotEqual(t, dialect.Ended, e.Kind)
}
