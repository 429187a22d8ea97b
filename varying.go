package pushgw

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/sobek"

	"github.com/pushgw/xk6-pushgw/internal/credentials"
	"github.com/pushgw/xk6-pushgw/internal/jsonscan"
	"github.com/pushgw/xk6-pushgw/internal/stamp"
)

// varying is an option that may differ from one connection to the next: a text with
// placeholders, or a function of the connection's index. The zero value is the empty text.
type varying struct {
	name     string // of the option, for errors
	text     string
	filled   bool                      // the text has placeholders
	inJSON   bool                      // and is JSON, in whose strings they are
	function int                       // 1 + its place among the client's functions; 0 for a text
	check    func(value string) string // returns what is wrong with a value; nil if nothing can be
}

// The placeholders: what a connection has of its own, and what a broadcast has.
const (
	nicknamePlaceholder = "{{nickname}}"
	roomPlaceholder     = "{{room}}"
	indexPlaceholder    = "{{index}}"
	audiencePlaceholder = "{{audience}}"
)

var placeholder = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// constant reports whether the value is the same for all connections.
func (v *varying) constant() bool { return !v.filled && v.function == 0 }

// of returns the value for one connection. A constant one is shared.
func (v *varying) of(own *values) (string, error) {
	value := v.text
	switch {
	case v.constant():
		return value, nil
	case v.function > 0:
		value = own.answers[v.function-1]
	case v.inJSON:
		value = fill(v.text, func(name string) string { return escapeJSON(own.value(name)) })
	default:
		value = fill(v.text, own.value)
	}
	if v.check != nil {
		if reason := v.check(value); reason != "" {
			return "", scriptErrorf(nameUsageError, "option %q %s", v.name, reason)
		}
	}
	return value, nil
}

// fill returns a text with its placeholders replaced by their values.
func fill(text string, value func(placeholder string) string) string {
	return placeholder.ReplaceAllStringFunc(text, value)
}

// escapeJSON returns text as it stands in a JSON string.
func escapeJSON(text string) string {
	quoted := jsonscan.AppendString(nil, text)
	return string(quoted[1 : len(quoted)-1])
}

// isJSON reports whether a text is an object or a list, so that its placeholders are within
// strings.
func isJSON(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text))
}

// values are what one connection fills placeholders with.
type values struct {
	identity
	answers []string             // of the client's functions, in their order
	auth    *credentials.AppSync // what it proves its right with to an API of AppSync
}

// value returns what stands for a placeholder, which is itself if it isn't the connection's.
func (v *values) value(placeholder string) string {
	switch placeholder {
	case nicknamePlaceholder:
		return v.nickname
	case roomPlaceholder:
		return v.room
	case indexPlaceholder:
		return strconv.FormatInt(v.index, 10)
	default:
		return placeholder
	}
}

// varyings reads the varying options of one client, and keeps their functions.
type varyings struct {
	placeholders []string // that its texts may have
	used         []string // that they have
	functions    []function
}

// function is one of the script's, of a connection's index.
type function struct {
	name string // of the option
	call sobek.Callable
	read func(returned sobek.Value) (string, error)
}

// newVaryings returns those of a client whose texts may have these placeholders.
func newVaryings(placeholders ...string) *varyings { return &varyings{placeholders: placeholders} }

// read reads the value of an option.
func (vs *varyings) read(o *options, key, def string, check func(string) string) varying {
	value, ok := o.raw(key)
	if !ok {
		return varying{text: def}
	}
	return vs.readValue(o, key, key, value, check)
}

// readValue reads a value that belongs to the option key and has that name in messages.
func (vs *varyings) readValue(o *options, key, name string, value sobek.Value, check func(string) string) varying {
	if v, ok := vs.readFunction(name, value, readString); ok {
		v.check = check
		return v
	}
	text, ok := value.Export().(string)
	if !ok {
		o.fail(name, "must be a string or a function that returns one, not %s", kind(value.Export()))
		return varying{}
	}
	v := vs.readText(o, key, text)
	v.name, v.check = name, check
	if !v.filled && check != nil {
		if reason := check(text); reason != "" {
			o.fail(key, "%s", reason)
		}
	}
	return v
}

// readText takes text for what the option key says.
func (vs *varyings) readText(o *options, key, text string) varying {
	o.checkPlaceholders(key, text, vs.placeholders...)
	filled := vs.noteUsed(text)
	return varying{name: key, text: text, filled: filled, inJSON: filled && isJSON(text)}
}

// noteUsed notes which placeholders a text has, and reports whether it has any.
func (vs *varyings) noteUsed(text string) bool {
	found := placeholder.FindAllString(text, -1)
	vs.used = append(vs.used, found...)
	return len(found) > 0
}

// uses reports whether any text, or the URL, has this placeholder in it.
func (vs *varyings) uses(placeholder string) bool { return slices.Contains(vs.used, placeholder) }

// readFunction reads a value that is a function, and reports whether it is one.
func (vs *varyings) readFunction(name string, value sobek.Value, read func(sobek.Value) (string, error)) (varying, bool) {
	call, ok := sobek.AssertFunction(value)
	if !ok {
		return varying{}, false
	}
	vs.functions = append(vs.functions, function{name, call, read})
	return varying{name: name, function: len(vs.functions)}, true
}

// readString takes what a function returned for a text.
func readString(returned sobek.Value) (string, error) {
	exported := returned.Export()
	text, ok := exported.(string)
	if !ok {
		return "", fmt.Errorf("must return a string, not %s", kind(exported))
	}
	return text, nil
}

// unknownPlaceholder says which placeholder of a text isn't among the known; empty if all are.
func unknownPlaceholder(text string, known ...string) string {
	for _, name := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(known, name) {
			return fmt.Sprintf("has %s in it, which stands for nothing here; known: %s", name, cmp.Or(strings.Join(known, ", "), "none"))
		}
	}
	return ""
}

// checkPlaceholders fails if a text has a placeholder that isn't among the known.
func (o *options) checkPlaceholders(key, text string, known ...string) {
	if reason := unknownPlaceholder(text, known...); reason != "" {
		o.fail(key, "%s", reason)
	}
}

// checkMessage fails if a text that is published has other placeholders than a broadcast has.
func checkMessage(o *options, key, text string) {
	o.checkPlaceholders(key, text, stamp.Placeholder, audiencePlaceholder)
}

// ask returns what the functions return for one connection. They are called together, on the
// event loop; what is a promise is waited for.
func (vs *varyings) ask(ctx context.Context, index int64) ([]string, error) {
	if len(vs.functions) == 0 {
		return nil, nil
	}
	return askScript(ctx, "a function given as an option", func(rt *sobek.Runtime) (sobek.Value, error) { return vs.call(rt, index) }, vs.readAnswers)
}

// call calls the functions and returns a list of what they return, or the promise of one.
func (vs *varyings) call(rt *sobek.Runtime, index int64) (sobek.Value, error) {
	returned := make([]any, len(vs.functions))
	promised := false
	for i, f := range vs.functions {
		value, err := f.call(sobek.Undefined(), rt.ToValue(index))
		if err != nil {
			return nil, err
		}
		_, isPromise := value.Export().(*sobek.Promise)
		returned[i], promised = value, promised || isPromise
	}
	list := rt.NewArray(returned...)
	if !promised {
		return list, nil
	}
	promise := rt.GlobalObject().Get("Promise")
	all, ok := sobek.AssertFunction(promise.ToObject(rt).Get("all"))
	if !ok {
		return nil, scriptErrorf(nameUsageError, "there is no Promise.all() to wait for what functions return")
	}
	return all(promise, list)
}

// readAnswers reads a list of what the functions returned.
func (vs *varyings) readAnswers(rt *sobek.Runtime, list sobek.Value) ([]string, error) {
	answers := make([]string, len(vs.functions))
	for i, f := range vs.functions {
		var err error
		if answers[i], err = f.read(list.ToObject(rt).Get(strconv.Itoa(i))); err != nil {
			return nil, scriptErrorf(nameUsageError, "the function %q %w", f.name, err)
		}
	}
	return answers, nil
}
