package report

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/pushgw/xk6-pushgw/internal/result"
)

// pageOf returns the page of files.
func pageOf(t *testing.T, outcomes []Outcome, files ...*result.File) string {
	t.Helper()
	in := &Input{Files: files}
	var page bytes.Buffer
	require.NoError(t, in.WritePage(&page, in.Join(false), outcomes))
	return page.String()
}

// The page asks nobody for anything and runs nothing.
func TestThePageStandsAlone(t *testing.T) {
	t.Parallel()
	text := pageOf(t, nil, small.files()...)
	tree, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	images := 0
	for node := range tree.Descendants() {
		require.NotContains(t, []string{"link", "iframe", "object", "embed", "a"}, node.Data)
		for _, attribute := range node.Attr {
			switch attribute.Key {
			case "src":
				images++
				require.True(t, strings.HasPrefix(attribute.Val, "data:image/png;base64,"), attribute.Val)
			case "type":
				require.Equal(t, "application/json", attribute.Val)
			case "href":
				require.Fail(t, attribute.Val)
			}
			require.False(t, strings.HasPrefix(attribute.Key, "on"), attribute.Key)
		}
	}
	require.Equal(t, 1, images)
	require.Equal(t, 1, strings.Count(text, "<script"))
	require.NotContains(t, styleText, "url(")
	require.NotContains(t, styleText, "@import")
	require.NotContains(t, text, "ZgotmplZ", "html/template refused something")
	require.NotContains(t, text, "NaN")
}

func TestThePageAnswers(t *testing.T) {
	t.Parallel()
	s := cutInTheMiddle
	s.listeners, s.broadcasts, s.cut, s.cutAt, s.refused, s.dropped = 80, 20, 20, 11, 8, 0
	text := pageOf(t, []Outcome{
		{Expectation: "lost==0", Run: "cut", Gateway: "appsync", Found: "20"},
		{Expectation: "p99<500", Run: "cut", Gateway: "appsync", Met: true, Found: "90 ms"},
		{Expectation: "deaf==0", Run: "another"},
	}, s.files()...)
	for _, answer := range []string{
		`<h1 class="bad">20 of 1,420 deliveries were lost (1.41 %), and 180 more missed</h1>`,
		`<b class="FAIL">FAIL</b> lost==0: 20 <span>(exit code 1)</span>`, "The lost ones were sent at 07:41:03. The missed ones were sent from ", "Cut: 20 were due", "20 of 80 at 07:41:03, code 1001", "Refused: 8 connections with status 429 Too Many Requests.",
		"<strong>20</strong>", "<span>Load generator at fault for delays</span><strong>no</strong>", "✗ not met", "✓ met", "<code>lost==0</code>",
		"Ended by the gateway or the network, code 1001 (going away)", "Failed: upgrade 429", "k6 v2.2.0, xk6-pushgw v0.1.0", "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod",
		"100 looping VUs for 1m0s", "1 iteration for each of 1 VU (", "loadgen-a, 8 CPUs", "±400 µs",
	} {
		require.Contains(t, text, answer)
	}
	require.NotContains(t, text, "deaf==0")
	require.NotContains(t, text, "Side by side")
}

func TestThePageSaysWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	files := small.files()
	files[2].State = result.Running
	text := pageOf(t, nil, files[0], files[2])
	require.Contains(t, text, "At least ")
	require.Contains(t, text, "2 of 3 processes")
	require.Contains(t, text, "process 2 of 3 has left no file")
	require.Contains(t, text, "process 3 was killed")
	require.Contains(t, text, "that are known to have been read, those of broadcasts without an account included")
	require.Contains(t, text, `<td colspan="12">no file</td>`)
}

// No zero is stated as a fact where more isn't known.
func TestThePageOfAKilledProcess(t *testing.T) {
	t.Parallel()
	s := small
	s.dropped = 0
	files := s.files()
	files[2].State, files[2].Ended, files[2].Written = result.Running, nil, files[2].Started
	files[2].Accounts[0].Broadcasts = files[2].Accounts[0].Broadcasts[:5]
	text := pageOf(t, nil, files...)
	for _, says := range []string{
		`<h1 class="bad">Process 3 was killed; up to 600 deliveries aren`, "none is known to be lost or missed", "Account, as far as is known", "reach 100 % of known",
		`<th>Not accounted for</th><td class="n">up to 600</td>`, `<td class="n">0 known</td>`,
	} {
		require.Contains(t, text, says)
	}
	files[0].Accounts[0].Broadcasts[0].Missing = 9
	require.Contains(t, pageOf(t, nil, files...), `>At least 9 deliveries were lost, 0.50 % of the 1,809 known; up to 600 more aren&#39;t accounted for; process 3 was killed</h1>`)
}

func TestSeveralRunsAreCompared(t *testing.T) {
	t.Parallel()
	other := cutInTheMiddle
	other.listeners, other.broadcasts, other.cutAt = 80, 20, 0
	text := pageOf(t, []Outcome{{Expectation: "lost==0", Run: "cut", Gateway: "appsync", Met: true}, {Expectation: "lost==0", Run: "small", Gateway: "apigw"}},
		append(small.files(), other.files()...)...)
	require.Contains(t, text, "Side by side")
	before, _, _ := strings.Cut(text, "<table>")
	require.Contains(t, before, `<b class="PASS">PASS</b> cut: `, "the verdicts come first")
	require.Contains(t, before, `<b class="FAIL">FAIL</b> small: `)
	require.Contains(t, text, `<td class="bad">FAIL</td><td>3 of 3 processes</td>`)
	require.Contains(t, text, "Delay against listeners")
	require.Equal(t, 2, strings.Count(text, "How it was run"))

	// Both gateways in one run are compared, too.
	both := quick.files()[0]
	second := other.files()[0]
	both.Accounts = append(both.Accounts, second.Accounts...)
	both.Intervals.List[12].Delays = append(both.Intervals.List[12].Delays, second.Intervals.List[12].Delays...)
	text = pageOf(t, nil, both)
	require.Contains(t, text, "quick, API Gateway")
	require.Contains(t, text, "quick, AppSync")
	require.Equal(t, 1, strings.Count(text, "How it was run"))
}

// Processes that share a clock need none that is kept right.
func TestTheClockOfProcesses(t *testing.T) {
	t.Parallel()
	s := small
	s.clocks = []result.Clock{clock("x", 0), clock("x", 0), clock("x", 0)}
	require.Contains(t, pageOf(t, nil, s.files()...), `<td class="n">one for all</td>`)
	s.clocks[2] = clock("y", 0)
	require.Contains(t, pageOf(t, nil, s.files()...), `<td class="n">not synchronised</td>`)
}

// What a gateway or a script calls something can't become a part of the page.
func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	const evil = `</script><script>alert(1)</script>`
	files := quick.files()
	files[0].Run, files[0].Setup.Host, files[0].Setup.Scenarios[0].Name = evil, evil, evil
	files[0].Errors = map[string]int64{evil: 1}
	text := pageOf(t, nil, files...)
	require.NotContains(t, text, evil)
	require.Equal(t, 1, strings.Count(text, "<script"))
	require.Equal(t, 1, strings.Count(text, "</script>"))
}

// Every delivery is in the heat map: the darkest cell is where most were.
func TestTheHeatMapHasEveryDelivery(t *testing.T) {
	t.Parallel()
	s := joined(t, quick.files()...).Gateways[0]
	x := s.Run.timeScale()
	cells, columns := s.cells(x, newLogScale(1, 1000))
	total := 0.0
	for _, n := range cells {
		total += n
	}
	require.EqualValues(t, s.Delay.Count(), total)
	require.Len(t, cells, columns*heatRows)

	data := regexp.MustCompile(`^data:image/png;base64,(.*)$`).FindStringSubmatch(string(s.heatMap().Image))
	require.NotNil(t, data)
	text, err := base64.StdEncoding.DecodeString(data[1])
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, columns, picture.Bounds().Dx())
	require.Equal(t, heatRows, picture.Bounds().Dy())
}

// Losses are drawn where they were sent.
func TestLossesAreDrawnWhereTheyHappened(t *testing.T) {
	t.Parallel()
	s := quick
	s.cutAt, s.cut = 11, 20
	r := joined(t, s.files()...)
	c := r.Gateways[0].lossOverTime()
	x := r.timeScale()
	sent := r.Gateways[0].Broadcasts[10].SentFirst / 1000 * 1000
	bars := regexp.MustCompile(`M([0-9.]+) 100v`).FindAllStringSubmatch(c.Shapes[1].Path, -1)
	require.Len(t, bars, 1)
	var at line
	at.box(x.at(float64(sent)), 1, 0)
	require.True(t, strings.HasPrefix(at.path.String(), "M"+bars[0][1]+" "), "%s, not %s", bars[0][1], at.path.String())
}

// Every chart has something to say where there is nothing to draw.
func TestEmptyCharts(t *testing.T) {
	t.Parallel()
	r := joined(t, story{run: "empty", gateway: "apigw", processes: 1}.files()...)
	s := r.Gateways[0]
	for _, c := range []Chart{
		s.heatMap(), s.lossOverTime(), s.fanout(), s.percentiles(), r.connectionsOverTime(), r.lagOverTime(),
		againstListeners([]*Subject{s}), comparedPercentiles([]*Subject{s, s}),
	} {
		require.NotEmpty(t, c.Empty, c.Title)
	}
	text := pageOf(t, nil, r.Files...)
	require.NotContains(t, text, "NaN")
	require.NotContains(t, text, "Inf")
}

// However long a run was, no more bars are drawn than can be told apart.
func TestManyBroadcastsShareBars(t *testing.T) {
	t.Parallel()
	s := quick
	s.listeners, s.broadcasts = 8, 3000
	g := joined(t, s.files()...).Gateways[0]
	c := g.fanout()
	require.LessOrEqual(t, strings.Count(c.Shapes[0].Path, "M"), 400)
	require.NotEmpty(t, c.Note)
	require.EqualValues(t, 24_000, g.Expected)
	require.EqualValues(t, 3000, g.Sent)
}

// tilesOf are the three answers on the page of a run, by their names.
func tilesOf(r *Run, expectations ...string) map[string]Tile {
	tiles := make(map[string]Tile)
	var parsed []Expectation
	for _, text := range expectations {
		e, _ := ParseExpectation(text)
		parsed = append(parsed, e)
	}
	for _, tile := range viewOf(r, CheckAll(parsed, []*Run{r})).Tiles {
		tiles[tile.Name] = tile
	}
	return tiles
}

// A tile is green only where something was measured, and where nothing says otherwise.
func TestTilesThatAreNotGood(t *testing.T) {
	t.Parallel()
	silent := quick
	silent.dropped = 1
	tiles := tilesOf(joined(t, silent.files()...))
	require.Equal(t, Tile{None, "p99 of the delay", "–", "nothing was received"}, tiles["p99 of the delay"])
	require.Equal(t, Tile{None, "Load generator at fault for delays", "–", "nothing was read"}, tiles["Load generator at fault for delays"])

	tiles = tilesOf(joined(t, quick.files()...), "p99<10s", "p99.9<1us")
	require.Equal(t, Good, tiles["p99 of the delay"].Class)
	require.Equal(t, Good, tiles["Lost"].Class)
	tiles = tilesOf(joined(t, quick.files()...), "p99<1us")
	require.Equal(t, Bad, tiles["p99 of the delay"].Class)
	require.Contains(t, tiles["p99 of the delay"].Detail, "; p99<1us isn't met")

	files := quick.files()
	files[0].Accounts[0].Broadcasts[0].Missed = 5
	require.Equal(t, Tile{Bad, "Missed", "5", "sent while listeners were cut off; of 1,600 deliveries that were due, none was lost"}, tilesOf(joined(t, files...))["Missed"])
	files = quick.files()
	files[0].Accounts[0].Unsent = 1
	require.Equal(t, Tile{None, "Lost", "0", "of 1,600 deliveries"}, tilesOf(joined(t, files...))["Lost"])
}

// A percentile that isn't known isn't called unmet.
func TestTheTileOfAnUnknownPercentile(t *testing.T) {
	t.Parallel()
	files := quick.files()
	e, err := ParseExpectation("p99<0.001")
	require.NoError(t, err)
	r := joined(t, files...)
	tile := r.delayTile(append(e.Check(r), e.Check(r)...))
	require.Equal(t, Bad, tile.Class)
	require.Equal(t, 1, strings.Count(tile.Detail, "p99<0.001 ms isn't met"), "once for two gateways")

	files[0].State, files[0].Ended = result.Running, nil
	r = joined(t, files...)
	tile = r.delayTile(e.Check(r))
	require.Equal(t, Suspect, tile.Class)
	require.Contains(t, tile.Detail, "; of the 1,600 that are known to have been read")
}
