package fault

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

var errBody = errors.New("the body must be a JSON object")

// Read makes the changes that a JSON object asks for on top of the settings as
// they are. The error names the key it is about.
func Read(now Settings, body []byte) (Change, error) {
	change := Change{Settings: now}
	given := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !given.IsObject() {
		return change, errBody
	}
	var err error
	given.ForEach(func(name, value gjson.Result) bool {
		if problem := change.Set(name.Str, text(value)); problem != nil {
			err = fmt.Errorf("%s: %w", name.Str, problem)
		}
		return err == nil
	})
	return change, err
}

// text is a JSON value as a flag would give it: an object such as
// {"status": 429, "rate": 0.1} is 429:0.1.
func text(value gjson.Result) string {
	if !value.IsObject() {
		return value.String()
	}
	for _, pair := range [][2]string{{"status", "rate"}, {"code", "share"}, {"share", "within"}} {
		first, second := value.Get(pair[0]), value.Get(pair[1])
		if len(value.Map()) == len(pair) && first.Exists() && second.Exists() {
			return first.String() + ":" + second.String()
		}
	}
	return value.Raw
}
