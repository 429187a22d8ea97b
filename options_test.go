package pushgw

import (
	"testing"
	"time"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/js/common"
)

// given are the options that a script writes like this.
func given(t *testing.T, literal string) *options {
	t.Helper()
	rt := sobek.New()
	rt.SetFieldNameMapper(common.FieldNameMapper{})
	value, err := rt.RunString("(" + literal + ")")
	require.NoError(t, err)
	return readOptions(value, "call()")
}

func TestOptionsHaveTheirDefaults(t *testing.T) {
	t.Parallel()
	for _, literal := range []string{"undefined", "null", "{}", "{ key: undefined }", "{ key: null }"} {
		o := given(t, literal)
		require.Equal(t, "text", o.str("key", "text"), literal)
		require.Equal(t, "one", o.oneOf("key", "one", "two"), literal)
		require.InDelta(t, 1.5, o.number("key", 1.5, 0), 0, literal)
		require.Equal(t, 3, o.integer("key", 3, 0), literal)
		require.Equal(t, time.Second, o.duration("key", time.Second), literal)
		require.False(t, o.boolean("key"), literal)
		require.Nil(t, o.list("key"), literal)
		require.Nil(t, o.json("key"), literal)
		section := o.section("key")
		require.Equal(t, "inner", section.str("key", "inner"), literal)
		o.merge(section)
		require.NoError(t, o.done(), literal)
	}
}

func TestOptionsAreReadAsTheyAreGiven(t *testing.T) {
	t.Parallel()
	o := given(t, `{
		text: 'a', word: 'two', number: 2.5, whole: 7, negative: -2, largest: 2147483647, yes: true, no: false,
		long: '1m30s', short: 250, longest: 9223372036854, shortest: 1e-6, days: '1d1h', ms: '250', rate: 1 / 86400, unbounded: 0, fraction: 0.5,
		list: [{ n: 1 }, { n: 2 }], none: [], json: { a: [1, null, { b: 'ü' }], c: undefined }, inner: { n: 5 },
	}`)
	require.Equal(t, "a", o.str("text", ""))
	require.Equal(t, "two", o.oneOf("word", "one", "two"))
	require.InDelta(t, 2.5, o.number("number", 0, 0), 0)
	require.InDelta(t, 7, o.number("whole", 0, 0), 0)
	require.InDelta(t, -2, o.number("negative", 0, -2), 0)
	require.Equal(t, 7, o.integer("whole", 0, 7))
	require.Equal(t, 2147483647, o.integer("largest", 0, 0))
	require.True(t, o.boolean("yes"))
	require.False(t, o.boolean("no"))
	require.Equal(t, 90*time.Second, o.duration("long", 0))
	require.Equal(t, 250*time.Millisecond, o.duration("short", 0))
	require.Equal(t, 500*time.Microsecond, o.duration("fraction", 0))
	require.Equal(t, 9223372036854*time.Millisecond, o.duration("longest", 0))
	require.Equal(t, time.Nanosecond, o.duration("shortest", 0))
	require.Equal(t, 25*time.Hour, o.duration("days", 0))
	require.Equal(t, 250*time.Millisecond, o.duration("ms", 0))
	require.InDelta(t, 1.0/86400, o.perSecond("rate"), 0)
	require.Zero(t, o.perSecond("unbounded"))
	list := o.list("list")
	require.Len(t, list, 2)
	for i, element := range list {
		require.Equal(t, i+1, element.integer("n", 0, 0))
		o.merge(element)
	}
	require.NotNil(t, o.list("none"))
	require.Empty(t, o.list("none"))
	require.JSONEq(t, `{"a":[1,null,{"b":"ü"}]}`, string(o.json("json")))
	section := o.section("inner")
	require.Equal(t, 5, section.integer("n", 0, 0))
	o.merge(section)
	o.require("text", "why")
	require.NoError(t, o.done())
}

// What is wrong is said in the words of whoever writes a script.
func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	read := map[string]func(o *options){
		"string":   func(o *options) { o.str("key", "") },
		"one of":   func(o *options) { o.oneOf("key", "one", "two") },
		"number":   func(o *options) { o.number("key", 0, 1) },
		"whole":    func(o *options) { o.integer("key", 0, 0) },
		"boolean":  func(o *options) { o.boolean("key") },
		"duration": func(o *options) { o.duration("key", 0) },
		"rate":     func(o *options) { o.perSecond("key") },
		"json":     func(o *options) { o.json("key") },
		"list":     func(o *options) { o.list("key") },
		"section":  func(o *options) { o.merge(o.section("key")) },
		"element": func(o *options) {
			for _, element := range o.list("key") {
				element.integer("n", 0, 0)
				o.merge(element)
			}
		},
		"required": func(o *options) { o.require("key", "what for?") },
	}
	for _, c := range []struct{ reader, literal, message string }{
		{"string", `1`, `must be a string, not a number`},
		{"string", `1.5`, `must be a string, not a number`},
		{"string", `true`, `must be a string, not a boolean`},
		{"string", `[]`, `must be a string, not a list`},
		{"string", `{}`, `must be a string, not an object`},
		{"string", `() => 1`, `must be a string, not a function or other value`},
		{"one of", `'three'`, `must be one of one, two, not "three"`},
		{"one of", `''`, `must be one of one, two, not ""`},
		{"number", `'1'`, `must be a number, not a string`},
		{"number", `NaN`, `must be a number not below 1, not NaN`},
		{"number", `Infinity`, `must be a number not below 1, not +Inf`},
		{"number", `-Infinity`, `must be a number not below 1, not -Inf`},
		{"number", `0.99`, `must be a number not below 1, not 0.99`},
		{"whole", `1.5`, `must be a whole number, not 1.5`},
		{"whole", `2147483648`, `must be a whole number, not 2.147483648e+09`},
		{"whole", `'7'`, `must be a number, not a string`},
		{"boolean", `0`, `must be true or false, not a number`},
		{"boolean", `'true'`, `must be true or false, not a string`},
		{"duration", `'fast'`, `must be a duration such as '5s' or a number of milliseconds, not fast`},
		{"duration", `true`, `must be a duration such as '5s' or a number of milliseconds, not true`},
		{"duration", `-1`, `must not be negative, but is -1`},
		{"duration", `{ a: 1 }`, `must be a duration such as '5s' or a number of milliseconds, not an object`},
		{"duration", `(() => { const o = {}; o.o = o; return o })()`, `must be a duration such as '5s' or a number of milliseconds, not an object`},
		{"duration", `(() => { const a = []; a.push({ a }); return a })()`, `must be a duration such as '5s' or a number of milliseconds, not a list`},
		{"duration", `10n`, `must be a duration such as '5s' or a number of milliseconds, not a function or other value`},
		{"duration", `-0.4`, `must not be negative, but is -0.4`},
		{"duration", `-1e-320`, `must not be negative, but is -1e-320`},
		{"duration", `'-2s'`, `must not be negative, but is -2s`},
		{"duration", `NaN`, `must be a duration such as '5s' or a number of milliseconds, not NaN`},
		{"duration", `'NaN'`, `must be a duration such as '5s' or a number of milliseconds, not NaN`},
		{"duration", `'1e400'`, `must be a duration such as '5s' or a number of milliseconds, not 1e400`},
		{"duration", `'3000000h'`, `must be a duration such as '5s' or a number of milliseconds, not 3000000h`},
		{"duration", `Infinity`, `is too long: +Inf milliseconds`},
		{"duration", `'Infinity'`, `is too long: Infinity milliseconds`},
		{"duration", `-Infinity`, `must not be negative, but is -Inf`},
		{"duration", `9223372036855`, `is too long: 9223372036855 milliseconds`},
		{"duration", `1e-320`, `is too short: 1e-320 milliseconds are less than a nanosecond`},
		{"duration", `'1e-320'`, `is too short: 1e-320 milliseconds are less than a nanosecond`},
		{"rate", `-1`, `must be a number not below 0, not -1`},
		{"rate", `'1'`, `must be a number, not a string`},
		{"rate", `1e-12`, `is too small: 1e-12 a second is less than one a day`},
		{"rate", `1 / 86401`, `is too small: 1.1573940116433837e-05 a second is less than one a day`},
		{"json", `'{}'`, `must be an object, not a string`},
		{"json", `[]`, `must be an object, not a list`},
		{"json", `(() => { const o = {}; o.o = o; return o })()`, `can't be written as JSON: TypeError: Converting circular structure to JSON`},
		{"list", `{}`, `must be a list, not an object`},
		{"list", `[{}, null]`, `must be a list, but has null in it`},
	} {
		o := given(t, `{ key: `+c.literal+` }`)
		read[c.reader](o)
		require.ErrorContains(t, o.done(), `call(): option "key" `+c.message, c.literal)
		require.Equal(t, nameInvalidOption, named(o.done()).name)
	}
	for _, c := range []struct{ reader, literal, message string }{
		{"string", `[]`, `call(): options must be an object, not a list`},
		{"string", `'key'`, `call(): options must be an object, not a string`},
		{"string", `() => 1`, `call(): options must be an object, not a function or other value`},
		{"string", `{ kez: 1 }`, `call(): unknown option "kez"; known are key`},
		{"section", `{ key: { other: 1 } }`, `call() key: unknown option "other"; known are `},
		{"section", `{ key: 1 }`, `call() key: options must be an object, not a number`},
		{"element", `{ key: [{ n: 1 }, { n: 'a' }] }`, `call() key[1]: option "n" must be a number, not a string`},
		{"element", `{ key: [{ n: 1, m: 2 }] }`, `call() key[0]: unknown option "m"; known are n`},
		{"element", `{ key: ['a'] }`, `call() key[0]: options must be an object, not a string`},
		{"required", `{}`, `call(): option "key" is missing: what for?`},
		{"required", `{ key: null }`, `call(): option "key" is missing: what for?`},
	} {
		o := given(t, c.literal)
		read[c.reader](o)
		require.EqualError(t, o.done(), c.message, c.literal)
	}
}

// Of several mistakes the first that is read is told.
func TestOptionsTellTheFirstMistake(t *testing.T) {
	t.Parallel()
	o := given(t, `{ a: 1, b: 2, c: {} , d: 3 }`)
	o.str("a", "")
	o.str("b", "")
	section := o.section("c")
	section.require("x", "why")
	o.merge(section)
	require.EqualError(t, o.done(), `call(): option "a" must be a string, not a number`)
}
