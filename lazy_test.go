package pushgw

import (
	"testing"

	"github.com/grafana/sobek"
	"github.com/stretchr/testify/require"
)

// A class whose objects have lazy methods behaves as any other.
func TestLazyMethods(t *testing.T) {
	t.Parallel()
	rt := sobek.New()
	made := map[string]int{}
	names := []string{"one", "two"}
	construct := func(args sobek.ConstructorCall) *sobek.Object {
		return inherit(args.This, newLazy(rt, names, func(name string) any {
			made[name]++
			return func() string { return name }
		}))
	}
	require.NoError(t, rt.Set("Client", construct))
	for expression, want := range map[string]any{
		`c.one() + c.one() + c['one']()`: "oneoneone",
		`c.one === c.one`:                true,
		`c.three`:                        nil,
		`'two' in c`:                     true,
		`'three' in c`:                   false,
		`c instanceof Client`:            true,
		`c.constructor === Client`:       true,
		`String(c)`:                      "[object Object]",
		`c.two = 2; c.two`:               int64(2),
		`c.mine = 1; c.mine`:             int64(1),
		`class D extends Client { more() { return this.one() + 1 } }; const d = new D(); d.more()`: "one1",
	} {
		value, err := rt.RunString(`{ 'use strict'; const c = new Client(); ` + expression + `}`)
		require.NoError(t, err, expression)
		require.Equal(t, want, value.Export(), expression)
	}
	require.Zero(t, made["two"], "nobody has asked for it")
}
