package pushgw

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/lib/types"
)

// options reads the options object of one call. Each reading method takes note
// of its key; what is wrong with a value is kept, and finish returns the first of
// it, or names a key that nobody asked for.
type options struct {
	where  string        // the call, for messages
	object *sobek.Object // nil: all options have their defaults
	known  []string
	err    error
}

// plainObject is what an object literal is exported as.
var plainObject = reflect.TypeFor[map[string]any]()

// mostOptions is how many any call has: room made once is less than room that grows.
const mostOptions = 12

// readOptions takes a JavaScript object apart.
func readOptions(value sobek.Value, where string) *options {
	o := &options{where: where, known: make([]string, 0, mostOptions)}
	if common.IsNullish(value) {
		return o
	}
	if value.ExportType() != plainObject {
		o.err = scriptErrorf(nameInvalidOption, "%s: options must be an object, not %s", where, kind(value.Export()))
		return o
	}
	o.object, _ = value.(*sobek.Object)
	return o
}

// finish returns what is wrong with the options, if anything.
func (o *options) finish() error {
	if o.err != nil || o.object == nil {
		return o.err
	}
	for _, key := range o.object.Keys() {
		if !slices.Contains(o.known, key) {
			return scriptErrorf(nameInvalidOption, "%s: unknown option %q; known are %s", o.where, key, strings.Join(o.known, ", "))
		}
	}
	return nil
}

// raw returns a value as the script has it, and whether it is set to anything
// but undefined or null.
func (o *options) raw(key string) (sobek.Value, bool) {
	if !slices.Contains(o.known, key) {
		o.known = append(o.known, key)
	}
	if o.object == nil {
		return nil, false
	}
	value := o.object.Get(key)
	return value, !common.IsNullish(value)
}

func (o *options) get(key string) (any, bool) {
	value, ok := o.raw(key)
	if !ok {
		return nil, false
	}
	return value.Export(), true
}

// require says so if the key isn't set.
func (o *options) require(key, why string) {
	if _, ok := o.raw(key); !ok {
		o.fail(key, "is missing: %s", why)
	}
}

// inner returns the options below key.
func (o *options) inner(key string) *options {
	value, _ := o.raw(key)
	return readOptions(value, o.path(key))
}

// adopt takes over what is wrong with other options.
func (o *options) adopt(other *options) {
	if err := other.finish(); err != nil && o.err == nil {
		o.err = err
	}
}

// json is an object as JSON.stringify writes it.
func (o *options) json(key string) json.RawMessage {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	object, ok := value.(*sobek.Object)
	if !ok || value.ExportType() != plainObject {
		o.fail(key, "must be an object, not %s", kind(value.Export()))
		return nil
	}
	text, err := object.MarshalJSON()
	if err != nil {
		o.fail(key, "can't be written as JSON: %v", err)
	}
	return text
}

func (o *options) path(key string) string { return o.where + " " + key }

// fail keeps the first thing that is wrong.
func (o *options) fail(key, format string, args ...any) {
	if o.err == nil {
		o.err = scriptErrorf(nameInvalidOption, "%s: option %q %s", o.where, key, fmt.Sprintf(format, args...))
	}
}

func (o *options) text(key, otherwise string) string {
	value, ok := o.get(key)
	if !ok {
		return otherwise
	}
	text, ok := value.(string)
	if !ok {
		o.fail(key, "must be a string, not %s", kind(value))
	}
	return text
}

// oneOf is a text from a closed set, whose first is the default.
func (o *options) oneOf(key string, allowed ...string) string {
	text := o.text(key, allowed[0])
	if !slices.Contains(allowed, text) {
		o.fail(key, "must be one of %s, not %q", strings.Join(allowed, ", "), text)
	}
	return text
}

func (o *options) number(key string, otherwise, least float64) float64 {
	value, ok := o.get(key)
	if !ok {
		return otherwise
	}
	n, ok := toNumber(value)
	switch {
	case !ok:
		o.fail(key, "must be a number, not %s", kind(value))
	case math.IsNaN(n) || math.IsInf(n, 0) || n < least:
		o.fail(key, "must be a number not below %v, not %v", least, n)
	}
	return n
}

func (o *options) integer(key string, otherwise, least int) int {
	n := o.number(key, float64(otherwise), float64(least))
	if n != math.Trunc(n) || n > math.MaxInt32 {
		o.fail(key, "must be a whole number, not %v", n)
	}
	return int(n)
}

// flag is true or false, and false where it isn't set.
func (o *options) flag(key string) bool {
	value, ok := o.get(key)
	if !ok {
		return false
	}
	set, ok := value.(bool)
	if !ok {
		o.fail(key, "must be true or false, not %s", kind(value))
	}
	return set
}

// duration is a text as k6 has it ('1m30s'), or a number of milliseconds.
func (o *options) duration(key string, otherwise time.Duration) time.Duration {
	value, ok := o.get(key)
	if !ok {
		return otherwise
	}
	d, err := types.GetDurationValue(value)
	switch {
	case err != nil:
		o.fail(key, "must be a duration such as '5s' or a number of milliseconds, not %v", value)
	case d < 0:
		o.fail(key, "must not be negative, but is %s", d)
	}
	return d
}

// texts is an object whose values are strings.
func (o *options) texts(key string) map[string]string {
	value, ok := o.get(key)
	if !ok {
		return nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		o.fail(key, "must be an object of strings, not %s", kind(value))
	}
	texts := make(map[string]string, len(object))
	for name, value := range object {
		text, ok := value.(string)
		if !ok {
			o.fail(key, "must be an object of strings, but %q is %s", name, kind(value))
		}
		texts[name] = text
	}
	return texts
}

// list is an array of objects.
func (o *options) list(key string) []*options {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	elements, ok := value.Export().([]any)
	if !ok {
		o.fail(key, "must be a list of objects, not %s", kind(value.Export()))
		return nil
	}
	array, _ := value.(*sobek.Object)
	list := make([]*options, 0, len(elements))
	for i, element := range elements {
		if element == nil {
			o.fail(key, "must be a list of objects, but has %s in it", kind(element))
		}
		list = append(list, readOptions(array.Get(strconv.Itoa(i)), fmt.Sprintf("%s[%d]", o.path(key), i)))
	}
	return list
}

func toNumber(value any) (float64, bool) {
	switch n := value.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	default:
		return 0, false
	}
}

// kind names a value's type as a script's author knows it.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64, float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return "a function or other value"
	}
}
