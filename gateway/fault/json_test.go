package fault

import (
	"encoding/json"
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
		"always":           {`{"errors": 1}`, `{"seed":0,"errors":"1"}`},
		"never":            {`{"errors": 0}`, `{"seed":0}`},
		"a delay":          {`{"delay": "20ms"}`, `{"seed":0,"delay":"20ms"}`},
		"a spread":         {`{"delay": "0s..1.5s"}`, `{"seed":0,"delay":"0s..1.5s"}`},
		"no delay":         {`{"delay": "0s"}`, `{"seed":0}`},
		"deaf":             {`{"deaf": "1m"}`, `{"seed":0,"deaf":"1m0s"}`},
		"slow TLS":         {`{"slowTLS": "5ms"}`, `{"seed":0,"slowTLS":"5ms"}`},
		"refuse":           {`{"refuse": "403:1/2"}`, `{"seed":0,"refuse":{"status":403,"rate":"1/2"}}`},
		"refuse, object":   {`{"refuse": {"rate": 0.5, "status": 502}}`, `{"seed":0,"refuse":{"status":502,"rate":"0.5"}}`},
		"refuse no more":   {`{"refuse": 0}`, `{"seed":0}`},
		"pace":             {`{"pace": 500}`, `{"seed":0,"pace":500}`},
		"unstable":         {`{"unstable": "0.1:10s"}`, `{"seed":0,"unstable":{"share":"0.1","within":"10s"}}`},
		"unstable, object": {`{"unstable": {"share": 1, "within": "1s"}}`, `{"seed":0,"unstable":{"share":"1","within":"1s"}}`},
		"stable":           {`{"unstable": 0}`, `{"seed":0}`},
		"no ka":            {`{"stopKeepAlive": true}`, `{"seed":0,"stopKeepAlive":true}`},
		"ka":               {`{"stopKeepAlive": false}`, `{"seed":0}`},
		"nothing":          {`{}`, `{"seed":0}`},
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
		`[]`:                            "the body must be a JSON object",
		`{`:                             "the body must be a JSON object",
		``:                              "the body must be a JSON object",
		`{"dorp": 1}`:                   "dorp: there is no such fault",
		`{"seed": -1}`:                  "seed: must be",
		`{"seed": 1.5}`:                 "seed: must be",
		`{"drop": 1.01}`:                "drop: must be",
		`{"drop": -0.1}`:                "drop: must be",
		`{"drop": "NaN"}`:               "drop: must be",
		`{"drop": "1/0"}`:               "drop: must be",
		`{"drop": "2/3"}`:               "drop: must be",
		`{"drop": null}`:                "drop: must be",
		`{"drop": {"rate": 1}}`:         "drop: must be",
		`{"duplicate": "often"}`:        "duplicate: must be",
		`{"delay": 20}`:                 "delay: must be",
		`{"delay": "-1ms"}`:             "delay: must be",
		`{"delay": "9ms..5ms"}`:         "delay: must be",
		`{"delay": "..5ms"}`:            "delay: must be",
		`{"deaf": "long"}`:              "deaf: must be",
		`{"refuse": "404:1"}`:           "refuse: must be",
		`{"refuse": "429"}`:             "refuse: must be",
		`{"refuse": {"status": 429}}`:   "refuse: must be",
		`{"pace": -1}`:                  "pace: must be",
		`{"pace": "Inf"}`:               "pace: must be",
		`{"unstable": "0.1"}`:           "unstable: must be",
		`{"stopKeepAlive": 1}`:          "stopKeepAlive: must be",
		`{"cut": 2}`:                    "cut: must be",
		`{"close": "1005:1"}`:           "close: must be",
		`{"close": "999:1"}`:            "close: must be",
		`{"close": {"code": 1001}}`:     "close: must be",
		`{"close": "1001:1.5"}`:         "close: must be",
		`{"drop": 0.1, "duplicate": 7}`: "duplicate: must be",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			_, err := Read(Settings{}, []byte(given))
			require.ErrorContains(t, err, message)
		})
	}
}

func TestActionsLeaveNothingSet(t *testing.T) {
	t.Parallel()
	before := Settings{Seed: 3, Deaf: Duration(time.Second)}
	change, err := Read(before, []byte(`{"cut": 0.5, "close": {"code": 1001, "share": 0.1}}`))
	require.NoError(t, err)
	require.Equal(t, Change{before, Action{Cut: 0.5, Close: Closing{Code: 1001, Share: 0.1}}}, change)
}
