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

// options reads the options object of one call. k6's own ExportTo would ignore unknown
// keys and coerce wrong types, so that a misspelt option silently has its default. Here
// each reading method notes its key and keeps the first thing that is wrong with a
// value; done returns that, or names a key that no method has read.
type options struct {
	call   string        // for messages
	object *sobek.Object // nil: all options have their defaults
	known  []string
	err    error
}

// plainObject is what an object literal is exported as.
var plainObject = reflect.TypeFor[map[string]any]()

// asPlainObject returns a value as an object, and whether it is what an object literal makes.
func asPlainObject(value sobek.Value) (*sobek.Object, bool) {
	object, ok := value.(*sobek.Object)
	return object, ok && value.ExportType() == plainObject
}

// maxOptions is how many any call has. Room made once is smaller than room that grows.
const maxOptions = 18

// readOptions takes a JavaScript object apart.
func readOptions(value sobek.Value, call string) *options {
	o := &options{call: call, known: make([]string, 0, maxOptions)}
	if common.IsNullish(value) {
		return o
	}
	object, ok := asPlainObject(value)
	if !ok {
		o.err = scriptErrorf(nameInvalidOption, "%s: options must be an object, not %s", call, kind(value.Export()))
		return o
	}
	o.object = object
	return o
}

// done returns what is wrong with the options, if anything.
func (o *options) done() error {
	if o.err != nil || o.object == nil {
		return o.err
	}
	for _, key := range o.object.Keys() {
		if !slices.Contains(o.known, key) {
			return scriptErrorf(nameInvalidOption, "%s: unknown option %q; known are %s", o.call, key, strings.Join(o.known, ", "))
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

// require fails if the key isn't set; why completes the message.
func (o *options) require(key, why string) {
	if _, ok := o.raw(key); !ok {
		o.fail(key, "is missing: %s", why)
	}
}

// section returns the options below key.
func (o *options) section(key string) *options {
	value, _ := o.raw(key)
	return readOptions(value, o.path(key))
}

// merge takes over what is wrong with a section.
func (o *options) merge(other *options) {
	o.keep(other.done())
}

// json is an object as JSON.stringify writes it.
func (o *options) json(key string) json.RawMessage {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	object, ok := asPlainObject(value)
	if !ok {
		o.fail(key, "must be an object, not %s", kind(value.Export()))
		return nil
	}
	text, err := object.MarshalJSON()
	if err != nil {
		o.fail(key, "can't be written as JSON: %v", err)
	}
	return text
}

func (o *options) path(key string) string { return o.call + " " + key }

// fail keeps the first thing that is wrong.
func (o *options) fail(key, format string, args ...any) {
	o.keep(scriptErrorf(nameInvalidOption, "%s: option %q %s", o.call, key, fmt.Sprintf(format, args...)))
}

// keep keeps the error if nothing was wrong before.
func (o *options) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

// str is a string.
func (o *options) str(key, def string) string {
	value, ok := o.get(key)
	if !ok {
		return def
	}
	s, ok := value.(string)
	if !ok {
		o.fail(key, "must be a string, not %s", kind(value))
	}
	return s
}

// expression is a regular expression, as a string or as a RegExp. Of a RegExp's flags those
// that RE2 has too are kept; it is always a Unicode one.
func (o *options) expression(key string) (re2 string, ok bool) {
	value, ok := o.raw(key)
	if !ok {
		return "", false
	}
	object, isObject := value.(*sobek.Object)
	if !isObject || object.ClassName() != "RegExp" {
		return o.str(key, ""), true
	}
	source, flagged := object.Get("source"), object.Get("flags")
	if source == nil || flagged == nil { // a script has taken its prototype away
		o.fail(key, "must be a string or a RegExp, not an object")
		return "", true
	}
	flags := strings.ReplaceAll(flagged.String(), "u", "")
	if other := strings.NewReplacer("i", "", "m", "", "s", "").Replace(flags); other != "" {
		o.fail(key, "can't have the flag %q", other)
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	return flags + source.String(), true
}

// oneOf is a string from a closed set, whose first is the default.
func (o *options) oneOf(key string, allowed ...string) string {
	s := o.str(key, allowed[0])
	if !slices.Contains(allowed, s) {
		o.fail(key, "must be one of %s, not %q", strings.Join(allowed, ", "), s)
	}
	return s
}

func (o *options) number(key string, def, atLeast float64) float64 {
	value, ok := o.get(key)
	if !ok {
		return def
	}
	n, ok := toNumber(value)
	switch {
	case !ok:
		o.fail(key, "must be a number, not %s", kind(value))
	case math.IsNaN(n) || math.IsInf(n, 0) || n < atLeast:
		o.fail(key, "must be a number not below %v, not %v", atLeast, n)
	}
	return n
}

func (o *options) integer(key string, def, atLeast int) int {
	n := o.number(key, float64(def), float64(atLeast))
	if n != math.Trunc(n) || n > math.MaxInt32 {
		o.fail(key, "must be a whole number, not %v", n)
	}
	return int(n)
}

// boolean is true or false, and false where it isn't set.
func (o *options) boolean(key string) bool {
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

// duration is a string as k6 has it ('1m30s'), or a number of milliseconds.
func (o *options) duration(key string, def time.Duration) time.Duration {
	value, ok := o.get(key)
	if !ok {
		return def
	}
	n, isNumber := milliseconds(value)
	d, err := types.GetDurationValue(value)
	switch {
	case err != nil || math.IsNaN(n):
		o.fail(key, "must be a duration such as '5s' or a number of milliseconds, not %v", shown(value))
	case n < 0 || !isNumber && d < 0:
		o.fail(key, "must not be negative, but is %v", value)
	case n > maxMilliseconds:
		o.fail(key, "is too long: %v milliseconds", value)
	case n > 0 && d == 0:
		o.fail(key, "is too short: %v milliseconds are less than a nanosecond", value)
	}
	return d
}

// maxMilliseconds is the longest duration that Go knows, about 292 years.
const maxMilliseconds = float64(math.MaxInt64 / int64(time.Millisecond))

// milliseconds is a duration that is given as a number, or as a string of nothing but a
// number, which k6 takes for one too.
func milliseconds(value any) (float64, bool) {
	text, ok := value.(string)
	if !ok {
		return toNumber(value)
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// perSecond is a rate: zero for as fast as possible, or a number a second that isn't so
// small that nothing would ever happen.
func (o *options) perSecond(key string) float64 {
	n := o.number(key, 0, 0)
	if n > 0 && n < minPerSecond {
		o.fail(key, "is too small: %v a second is less than one a day", n)
	}
	return n
}

const minPerSecond = 1.0 / (24 * 60 * 60)

// values are the elements of an array.
func (o *options) values(key string) []sobek.Value {
	value, ok := o.raw(key)
	if !ok {
		return nil
	}
	elements, ok := value.Export().([]any)
	if !ok {
		o.fail(key, "must be a list, not %s", kind(value.Export()))
		return nil
	}
	array, _ := value.(*sobek.Object)
	list := make([]sobek.Value, len(elements))
	for i := range elements {
		list[i] = array.Get(strconv.Itoa(i))
		if common.IsNullish(list[i]) {
			o.fail(key, "must be a list, but has %s in it", kind(nil))
			return nil
		}
	}
	return list
}

// list is an array of objects.
func (o *options) list(key string) []*options {
	elements := o.values(key)
	if elements == nil {
		return nil
	}
	list := make([]*options, len(elements))
	for i, element := range elements {
		list[i] = readOptions(element, fmt.Sprintf("%s[%d]", o.path(key), i))
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

// shown is a value as a message may show it: objects may be endless.
func shown(value any) any {
	switch value.(type) {
	case string, bool, int64, float64:
		return value
	default:
		return kind(value)
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
	case *sobek.Promise:
		return "a promise"
	default:
		return "a function or other value"
	}
}
