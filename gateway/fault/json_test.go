package fault

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What each key accepts, and how the setting is then shown.
func TestKeysTake(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ given, shown string }{
		"seed":             {`{"seed": 18446744073709551615}`, `{"seed":18446744073709551615}`},
		"a probability":    {`{"drop": 0.25}`, `{"seed":0,"drop":"0.25"}`},
		"as text":          {`{"duplicate": "0.25"}`, `{"seed":0,"duplicate":"0.25"}`},
		"every n-th":       {`{"reorder": "1/100"}`, `{"seed":0,"reorder":"1/100"}`},
		"every time":       {`{"drop": "1/1"}`, `{"seed":0,"drop":"1/1"}`},
		"always":           {`{"errors": 1}`, `{"seed":0,"errors":"1"}`},
		"never":            {`{"errors": 0}`, `{"seed":0}`},
		"a delay":          {`{"delay": "20ms"}`, `{"seed":0,"delay":"20ms"}`},
		"a spread":         {`{"delay": "0s..1.5s"}`, `{"seed":0,"delay":"0s..1.5s"}`},
		"no delay":         {`{"delay": "0s"}`, `{"seed":0}`},
		"deaf":             {`{"deaf": "1m"}`, `{"seed":0,"deaf":"1m0s"}`},
		"slow TLS":         {`{"slowTLS": "5ms"}`, `{"seed":0,"slowTLS":"5ms"}`},
		"refuse":           {`{"refuse": "403:1/2"}`, `{"seed":0,"refuse":{"status":403,"rate":"1/2"}}`},
		"refuse, object":   {`{"refuse": {"rate": 0.5, "status": 502}}`, `{"seed":0,"refuse":{"status":502,"rate":"0.5"}}`},
		"refuse with 504":  {`{"refuse": "504:1"}`, `{"seed":0,"refuse":{"status":504,"rate":"1"}}`},
		"reject":           {`{"reject": "Internal server error:1/2"}`, `{"seed":0,"reject":{"message":"Internal server error","rate":"1/2"}}`},
		"reject, object":   {`{"reject": {"message": "Forbidden", "rate": 0.5}}`, `{"seed":0,"reject":{"message":"Forbidden","rate":"0.5"}}`},
		"refuse no more":   {`{"refuse": 0}`, `{"seed":0}`},
		"pace":             {`{"pace": 500}`, `{"seed":0,"pace":500}`},
		"unstable":         {`{"unstable": "0.1:10s"}`, `{"seed":0,"unstable":{"share":"0.1","within":"10s"}}`},
		"unstable, object": {`{"unstable": {"share": 1, "within": "1s"}}`, `{"seed":0,"unstable":{"share":"1","within":"1s"}}`},
		"stable":           {`{"unstable": 0}`, `{"seed":0}`},
		"no ka":            {`{"stopKeepAlive": true}`, `{"seed":0,"stopKeepAlive":true}`},
		"ka":               {`{"stopKeepAlive": false}`, `{"seed":0}`},
		"failed events":    {`{"failEvent": "1/2"}`, `{"seed":0,"failEvent":"1/2"}`},
		"events, lists":    {`{"eventForm": "list"}`, `{"seed":0,"eventForm":"list"}`},
		"events, strings":  {`{"eventForm": "string"}`, `{"seed":0}`},
		"nothing":          {`{}`, `{"seed":0}`},
		"seed as text":     {`{"seed": "7"}`, `{"seed":7}`},
		"pace as text":     {`{"pace": "0.5"}`, `{"seed":0,"pace":0.5}`},
		"no ka, as text":   {`{"stopKeepAlive": "true"}`, `{"seed":0,"stopKeepAlive":true}`},
		"an even spread":   {`{"delay": "5ms..5ms"}`, `{"seed":0,"delay":"5ms"}`},
		"refuse with 429":  {`{"refuse": {"status": "429", "rate": "1"}}`, `{"seed":0,"refuse":{"status":429,"rate":"1"}}`},
		"refuse with 500":  {`{"refuse": "500:1"}`, `{"seed":0,"refuse":{"status":500,"rate":"1"}}`},
		"the last one":     {`{"drop": 0.1, "drop": 0.2}`, `{"seed":0,"drop":"0.2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change, err := Read(Settings{}, []byte(row.given))
			require.NoError(t, err)
			shown, err := json.Marshal(change.Settings)
			require.NoError(t, err)
			require.JSONEq(t, row.shown, string(shown))
		})
	}
}

func TestKeysRefuse(t *testing.T) {
	t.Parallel()
	for given, message := range map[string]string{
		`[]`:                          "the body must be a JSON object",
		`{`:                           "the body must be a JSON object",
		``:                            "the body must be a JSON object",
		`{"dorp": 1}`:                 "dorp: there is no such fault",
		`{"seed": -1}`:                "seed: must be",
		`{"seed": 1.5}`:               "seed: must be",
		`{"drop": 1.01}`:              "drop: must be",
		`{"drop": -0.1}`:              "drop: must be",
		`{"drop": "NaN"}`:             "drop: must be",
		`{"drop": "1/0"}`:             "drop: must be",
		`{"drop": "2/3"}`:             "drop: must be",
		`{"drop": null}`:              "drop: must be",
		`{"drop": {"rate": 1}}`:       "drop: must be",
		`{"duplicate": "often"}`:      "duplicate: must be",
		`{"delay": 20}`:               "delay: must be",
		`{"delay": "-1ms"}`:           "delay: must be",
		`{"delay": "9ms..5ms"}`:       "delay: must be",
		`{"delay": "..5ms"}`:          "delay: must be",
		`{"eventForm": "text"}`:       "eventForm: must be",
		`{"deaf": "long"}`:            "deaf: must be",
		`{"reject": "Forbidden"}`:     "reject: must be",
		`{"reject": "No:1"}`:          "reject: must be",
		`{"refuse": "404:1"}`:         "refuse: must be",
		`{"refuse": "429"}`:           "refuse: must be",
		`{"refuse": {"status": 429}}`: "refuse: must be",
		`{"pace": -1}`:                "pace: must be",
		`{"pace": "Inf"}`:             "pace: must be",
		`{"unstable": "0.1"}`:         "unstable: must be",
		`{"stopKeepAlive": 1}`:        "stopKeepAlive: must be",
		`{"cut": 2}`:                  "cut: must be",
		`{"close": "1005:1"}`:         "close: must be",
		`{"close": "999:1"}`:          "close: must be",
		`{"close": "1006:1"}`:         "close: must be",
		`{"close": "5000:1"}`:         "close: must be",
		`{"close": "1001"}`:           "close: must be",
		`{"cut": -0.1}`:               "cut: must be",
		`{"cut": "NaN"}`:              "cut: must be",
		`{"pace": "NaN"}`:             "pace: must be",
		`{"Drop": 0.1}`:               "Drop: there is no such fault",
		`{"drop": [0.1]}`:             "drop: must be",
		`{"delay": null}`:             "delay: must be",
		`{"slowTLS": "-1ms"}`:         "slowTLS: must be",
		`{"unstable": "2:1s"}`:        "unstable: must be",
		`{"unstable": "0.5:-1s"}`:     "unstable: must be",
		`{"refuse": {"status": 429, "rate": 1, "x": 1}}`:     "refuse: must be",
		`{"refuse": {"code": 429, "share": 0.1}}`:            "refuse: must be",
		`{"unstable": {"share": 1, "within": "1s", "x": 1}}`: "unstable: must be",
		`{"close": {"code": 1001}}`:                          "close: must be",
		`{"close": "1001:1.5"}`:                              "close: must be",
		`{"drop": 0.1, "duplicate": 7}`:                      "duplicate: must be",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			_, err := Read(Settings{}, []byte(given))
			require.ErrorContains(t, err, message)
		})
	}
}

// What is posted is changed, all else stays, also where the new value is refused.
func TestReadKeepsWhatIsNotNamed(t *testing.T) {
	t.Parallel()
	all := `{"seed": 1, "drop": "1/2", "duplicate": 0.3, "reorder": 0.4, "delay": "5ms..6ms", "errors": 0.7, "deaf": "8s",
		"refuse": "429:0.9", "reject": "Forbidden:0.9", "pace": 10, "slowTLS": "11s", "unstable": "0.12:13s", "stopKeepAlive": true, "cut": 0.14, "close": "1001:0.15"}`
	change, err := Read(Settings{}, []byte(all))
	require.NoError(t, err)
	require.Equal(t, Change{Settings{
		Seed: 1, Drop: Chance{every: 2}, Duplicate: Chance{rate: 0.3}, Reorder: Chance{rate: 0.4},
		Delay: Spread{Duration(5 * time.Millisecond), Duration(6 * time.Millisecond)}, Errors: Chance{rate: 0.7},
		Deaf: Duration(8 * time.Second), Refuse: Refusal{429, Chance{rate: 0.9}}, Reject: Rejection{"Forbidden", Chance{rate: 0.9}}, Pace: 10, SlowTLS: Duration(11 * time.Second),
		Unstable: Unstable{Chance{rate: 0.12}, Duration(13 * time.Second)}, StopKeepAlive: true,
	}, Action{Cut: 0.14, Close: Closing{1001, 0.15}}}, change)
	for _, key := range Keys() {
		for _, value := range []string{`"nothing like it"`, `null`, `{}`, `{"x": 1}`, `[1]`, `-1`} {
			again, err := Read(change.Settings, fmt.Appendf(nil, `{%q: %s}`, key.Name, value))
			require.ErrorContains(t, err, key.Name+": must be", value)
			require.Equal(t, change.Settings, again.Settings)
			require.Zero(t, again.Action)
		}
	}
}

func TestFaultsCanBeUnset(t *testing.T) {
	t.Parallel()
	always := Chance{rate: 1}
	set := Settings{
		Seed: 1, Drop: always, Duplicate: always, Reorder: always, Delay: Spread{1, 2}, Errors: always, Deaf: 1,
		Refuse: Refusal{429, always}, Reject: Rejection{"Forbidden", always}, Pace: 1, SlowTLS: 1, Unstable: Unstable{always, 1}, StopKeepAlive: true,
	}
	change, err := Read(set, []byte(`{"drop": 0, "duplicate": "0", "reorder": 0.0, "delay": "0s", "errors": 0, "deaf": "0s",
		"refuse": 0, "reject": 0, "pace": 0, "slowTLS": "0s", "unstable": "0", "stopKeepAlive": false}`))
	require.NoError(t, err)
	require.Equal(t, Change{Settings: Settings{Seed: 1}}, change)
}

// What is shown is what can be read, by Read and by package json.
func TestSettingsAreReadAsTheyAreShown(t *testing.T) {
	t.Parallel()
	change, err := Read(Settings{}, []byte(`{"seed": 1, "drop": "1/2", "delay": "5ms..6ms", "deaf": "8s",
		"refuse": "429:0.9", "reject": "Bad request body:1/9", "pace": 10, "unstable": "0.12:13s", "stopKeepAlive": true}`))
	require.NoError(t, err)
	shown, err := json.Marshal(change.Settings)
	require.NoError(t, err)
	again, err := Read(Settings{}, shown)
	require.NoError(t, err)
	require.Equal(t, change, again)
	var decoded Settings
	require.NoError(t, json.Unmarshal(shown, &decoded))
	require.Equal(t, change.Settings, decoded)
}

func TestSharesMayBeNoneOrAll(t *testing.T) {
	t.Parallel()
	for _, share := range []float64{0, 1} {
		change, err := Read(Settings{}, fmt.Appendf(nil, `{"cut": %[1]g, "close": "1000:%[1]g", "drop": %[1]g}`, share))
		require.NoError(t, err)
		require.Equal(t, Change{Settings{Drop: Chance{rate: share}}, Action{Cut: share, Close: Closing{1000, share}}}, change)
	}
	_, err := Read(Settings{}, []byte(`{"close": "4999:1"}`))
	require.NoError(t, err)
}

func TestActionsLeaveNothingSet(t *testing.T) {
	t.Parallel()
	before := Settings{Seed: 3, Deaf: Duration(time.Second)}
	change, err := Read(before, []byte(`{"cut": 0.5, "close": {"code": 1001, "share": 0.1}}`))
	require.NoError(t, err)
	require.Equal(t, Change{before, Action{Cut: 0.5, Close: Closing{Code: 1001, Share: 0.1}}}, change)
}
