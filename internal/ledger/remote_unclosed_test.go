package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// An account is closed if it is known what became of everything that was promised.
func TestUnclosedAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		story     func(w *abroad)
		unclosed  int
		strangers int // among them
		unheard   bool
		awaited   bool
	}{
		"all promised were read":   {func(w *abroad) { w.hears(w.stamp(1, 1), heard, 0) }, 0, 0, false, false},
		"one more was promised":    {func(w *abroad) { w.hears(w.stamp(1, 2), heard, 0) }, 1, 1, false, false},
		"the first version":        {func(w *abroad) { w.hears(w.stamp(1, 0), heard, 0) }, 1, 1, false, false},
		"one more, and a closing":  {func(w *abroad) { w.hears(w.stamp(1, 2), heard, 0); w.told(w.closing(1)) }, 0, 0, false, false},
		"only an opening":          {func(w *abroad) { w.told(w.opening(1, 1)) }, 1, 0, false, false},
		"an opening and a closing": {func(w *abroad) { w.told(w.opening(1, 1)); w.told(w.closing(1)) }, 0, 0, false, false},
		"an earlier closing came later": {func(w *abroad) {
			w.hears(w.stamp(3, 9), heard, 0)
			w.told(w.closing(1))
		}, 1, 0, false, false},
		"it began in the midst":     {func(w *abroad) { w.hears(w.stamp(5, 5), heard, 0) }, 1, 1, false, false},
		"its opening came too late": {func(w *abroad) { w.hears(w.stamp(5, 5), heard, 0); w.told(w.opening(1, 5)) }, 0, 0, false, false},
		"its opening came far too late": {func(w *abroad) {
			w.hears(w.stamp(5, 5), heard, 0)
			w.settles()
			w.told(w.opening(1, 5))
		}, 1, 0, false, false},
		"too many at once": {func(w *abroad) {
			w.hears(w.stamp(1, 1), heard, 0)
			w.hears(w.stamp(1+maxStrangerRows, 1+maxStrangerRows), heard, 0)
		}, 1, 1, false, false},
		"nothing at all":   {func(*abroad) {}, 0, 0, true, false},
		"only a roll":      {func(w *abroad) { w.told(&stamp.Roll{Run: ourRun, Number: 1, Sent: time.Now()}) }, 0, 0, true, true},
		"listeners waited": {func(w *abroad) { NewFinale().Watch(w.audience) }, 0, 0, true, true},
		"this process published": {func(w *abroad) {
			s := w.audience.OpenSeries(1, settle)
			opening := s.Opening(&Run{ID: ourRun})
			s.Publish(time.Now())
			w.told(opening)
		}, 0, 0, false, false},
		"another run, which says so": {func(w *abroad) {
			w.hears(w.stamp(1, 5), heard, 0)
			opening := w.opening(1, 5)
			opening.Run++
			w.told(opening)
			w.hears(w.stamp(2, 5), heard, 0)
		}, 0, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goAbroad(t, 1, func(w *abroad) {
				second := w.roster.Attend()
				test.story(w)
				time.Sleep(time.Second)
				w.listening[0].listener.Leave(Local)
				require.Equal(t, Ending{}, second.End(time.Now()), "another call goes on")
				ending := w.ends()
				assert.Len(t, ending.Unclosed, test.unclosed)
				assert.Equal(t, test.unheard, ending.Unheard)
				assert.Equal(t, test.awaited, ending.Awaited)
				assert.Equal(t, test.strangers, ending.Strangers)
				again := w.roster.Attend().End(time.Now())
				assert.Empty(t, again.Unclosed, "it was said already")
				assert.Empty(t, again.Settled)
			})
		})
	}
}

// Listeners that were ready when this process answered a roll have missed what came before
// the first broadcast that anybody here has read, however short the time.
func TestWhatAnAnswerPromised(t *testing.T) {
	t.Parallel()
	for answered, unclosed := range map[bool]int{true: 1, false: 0} {
		goAbroadAfter(t, settle/2, 1, func(w *abroad) {
			if answered {
				w.ledger.NextAnswer()
			}
			time.Sleep(time.Millisecond)
			w.hears(w.stamp(5, 5), heard, 0)
			assert.Len(w.t, w.ends().Unclosed, unclosed)
		})
	}
}
