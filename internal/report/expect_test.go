package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpectations(t *testing.T) {
	t.Parallel()
	s := cutInTheMiddle
	s.listeners, s.broadcasts, s.cut, s.cutAt, s.refused, s.dropped = 80, 10, 20, 5, 8, 0
	r := joined(t, s.files()...)
	for text, found := range map[string]string{
		"lost==20": "20", "lost>=20": "20", "lost<21": "20", "lost!=0": "20", "lost<=20": "20", "cut==20": "20", "missing==0": "0",
		"missed==100": "100", "received==680": "680", "expected==700": "700", "planned==10": "10", "sent==10": "10", "unsent==0": "0",
		"reach>=0.97": "97.14 %", "reach<97.2%": "97.14 %", "indeterminate==0": "0", "late==0": "0", "duplicated==0": "0", "reordered==0": "0",
		"unclosed==0": "0", "opened==80": "80", "ready==80": "80", "listeners==80": "80", "connect_failed==8": "8", "closed==20": "20",
		"errors==0": "0", "deaf == 0": "0",
	} {
		e, err := ParseExpectation(text)
		require.NoError(t, err)
		require.Equal(t, []Outcome{{Expectation: e.Text, Run: "cut", Gateway: "appsync", Met: true, Found: found}}, e.Check(r), text)
	}
	for _, text := range []string{"lost==0", "lost<20", "lost>20", "p50>500", "reach>=0.999", "max<1ms", "received>680"} {
		e, err := ParseExpectation(text)
		require.NoError(t, err)
		require.False(t, e.Check(r)[0].Met, text)
	}
	for _, text := range []string{"p50<500", "p99.9<500", "p99<0.5s", "p99>500us", "max<1s", "first<last", "first<100", "last<1s", "read_lag<50ms"} {
		e, err := ParseExpectation(text)
		if text == "first<last" {
			require.ErrorContains(t, err, "is no expectation")
			continue
		}
		require.NoError(t, err)
		require.True(t, e.Check(r)[0].Met, text)
	}
}

func TestWhatIsNoExpectation(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"lost":         "is no expectation",
		"lost=0":       "is no expectation",
		"":             "is no expectation",
		"losses==0":    "there is no losses; there are closed, connect_failed, cut,",
		"lost==0ms":    "isn't measured in ms",
		"lost==1%":     "isn't measured in %",
		"p99<5%":       "isn't measured in %",
		"p100<5":       "there is no p100",
		"lost==1.2.3":  "is no number",
		"reach>=1 ms":  "isn't measured in ms",
		"lost==0 or 1": "is no expectation",
	} {
		_, err := ParseExpectation(text)
		require.ErrorContains(t, err, why, text)
	}
}

// What isn't known meets no expectation, however it is put.
func TestTheUnknownMeetsNothing(t *testing.T) {
	t.Parallel()
	files := small.files()
	missing := joined(t, files[0])
	silent := story{run: "silent", gateway: "apigw", processes: 1, listeners: 8}
	nothing := joined(t, silent.files()...)
	for _, r := range []*Run{missing, nothing} {
		for _, text := range []string{"p99<500", "p99>0", "reach>=0", "reach<0.5", "max<500", "first<500"} {
			e, err := ParseExpectation(text)
			require.NoError(t, err)
			require.False(t, e.Check(r)[0].Met, "%s: %s", r.Name, text)
		}
	}
	silentToo := story{run: "silent", gateway: "apigw", processes: 2, listeners: 8}
	unheard := joined(t, silentToo.files()[:1]...)
	for _, text := range []string{"p99<500", "max<500", "first<500", "read_lag<50", "reach>=0", "received==5"} {
		e, err := ParseExpectation(text)
		require.NoError(t, err)
		require.True(t, e.Check(unheard)[0].Unknown, "%s: the process that is missing may have received", text)
		require.False(t, e.Check(nothing)[0].Unknown, text)
	}
	e, err := ParseExpectation("lost>=0")
	require.NoError(t, err)
	require.False(t, e.Check(missing)[0].Met)
	require.True(t, e.Check(missing)[0].Unknown)
	require.Equal(t, []Outcome{{Expectation: "lost>=0", Found: "nothing was measured"}}, e.Check(&Run{}))
}
