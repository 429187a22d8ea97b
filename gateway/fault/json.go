package fault

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

var errBody = errors.New("the body must be a JSON object")

// Read returns the settings with the changes that a JSON object asks for: what
// it names is changed, all else stays. The error names the key it is about.
func Read(now Settings, body []byte) (Change, error) {
	change := Change{Settings: now}
	given := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !given.IsObject() {
		return change, errBody
	}
	var err error
	given.ForEach(func(name, value gjson.Result) bool {
		field, known := change.field(name.Str)
		if !known {
			err = fmt.Errorf("%s: %w", name.Str, errUnknown)
		} else if wrong := unmarshal(field, value); wrong != nil {
			err = fmt.Errorf("%s: %w", name.Str, wrong)
		}
		return err == nil
	})
	return change, err
}

// unmarshal sets a field to a JSON value. A number or a boolean is read like a
// string of the same text, so that 0.1 and "0.1" are the same.
func unmarshal(field encoding.TextUnmarshaler, value gjson.Result) error {
	if field, ok := field.(json.Unmarshaler); ok {
		return field.UnmarshalJSON([]byte(value.Raw))
	}
	return field.UnmarshalText([]byte(value.String()))
}

// pairText returns "a:b" for an object with exactly two members, a under the
// first name and b under the second. For any other value it returns its text.
func pairText(data []byte, first, second string) []byte {
	value := gjson.ParseBytes(data)
	a, b := value.Get(first), value.Get(second)
	if value.IsObject() && len(value.Map()) == 2 && a.Exists() && b.Exists() {
		return []byte(a.String() + ":" + b.String())
	}
	return []byte(value.String())
}
