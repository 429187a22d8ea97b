package jsonscan

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func walk(data string) (members []string, whole bool) {
	m := Object([]byte(data))
	for m.Next() {
		members = append(members, string(m.Key())+"="+string(m.Value()))
	}
	if m.Next() {
		members = append(members, "a member after the end")
	}
	return members, m.Whole()
}

func TestMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		data    string
		members []string
		whole   bool
	}{
		{data: `{}`, whole: true},
		{data: " { \n} ", whole: true},
		{data: `{"a":1}`, members: []string{"a=1"}, whole: true},
		{data: "\t{ \"a\" : -1.5e3 ,\r\n\"b\":\"x\" } ", members: []string{"a=-1.5e3", `b="x"`}, whole: true},
		{data: `{"a":{"b":[1,{"c":"}"}]},"d":[],"e":null}`, members: []string{`a={"b":[1,{"c":"}"}]}`, "d=[]", "e=null"}, whole: true},
		{data: `{"a\"b":"c\\","d":"\\\""}`, members: []string{`a\"b="c\\"`, `d="\\\""`}, whole: true},
		{data: `{"":""}`, members: []string{`=""`}, whole: true},

		// Members before a fault are found.
		{data: `{"a":1`, members: []string{"a=1"}},
		{data: `{"a":1,`, members: []string{"a=1"}},
		{data: `{"a":1,}`, members: []string{"a=1"}},
		{data: `{"a":1 2}`, members: []string{"a=1"}},
		{data: `{"a":1],"b":2}`, members: []string{"a=1"}},
		{data: `{"a":1:2}`, members: []string{"a=1"}},
		{data: `{"a":1"b":2}`, members: []string{"a=1"}},
		{data: `{"a":[1],"b":[],}`, members: []string{"a=[1]", "b=[]"}},
		{data: `{a:1,"b":2}`},
		{data: `{"a"b":1,"c":2}`},
		{data: `{"a":1}x`, members: []string{"a=1"}},
		{data: `{"a":1}{}`, members: []string{"a=1"}},
		{data: `{}x`},
		{data: ``},
		{data: `  `},
		{data: `{`},
		{data: `[]`},
		{data: `"{}"`},
		{data: `Broadcast: {"a":1}`},
		{data: `["a":1}`},
		{data: `["a":1]`},
		{data: `{xa":1}`},
		{data: `{"a":1,b":2}`, members: []string{"a=1"}},
		{data: `{,}`},
		{data: `{"a`},
		{data: `{"a\"`},
		{data: `{"a"`},
		{data: `{"a":`},
		{data: `{"a":}`},
		{data: `{"a":"`},
		{data: `{"a":"\`},
		{data: `{"a":[{]`},
		{data: `{"a":["]}`},
		{data: `{a:1}`},
		{data: `{"a"1}`},
	}
	for _, test := range tests {
		t.Run(test.data, func(t *testing.T) {
			t.Parallel()
			members, whole := walk(test.data)
			assert.Equal(t, test.members, members)
			assert.Equal(t, test.whole, whole)
		})
	}
}

func TestMembersText(t *testing.T) {
	t.Parallel()
	m := Object([]byte(`{"a":"x","b":"","c":1,"d":12,"e":"\"\\"}`))
	assert.False(t, m.Whole(), "before the end")
	require.True(t, m.Next())
	assert.False(t, m.Whole(), "before the end")
	assert.Equal(t, "x", string(m.Text()))
	require.True(t, m.Next())
	assert.NotNil(t, m.Text())
	assert.Empty(t, m.Text())
	for range 2 {
		require.True(t, m.Next())
		assert.Nil(t, m.Text())
	}
	require.True(t, m.Next())
	assert.Equal(t, `\"\\`, string(m.Text()), "as it is written")
}

// FuzzMembers compares the walk with encoding/json's wherever data is JSON.
func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":"}"}]},"d\"":"\\","e":null}`))
	f.Add([]byte(`{"a":"\`))
	f.Add([]byte(" {\"\":[[],{}] }\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := Object(data)
		var keys, values [][]byte
		for m.Next() {
			keys, values = append(keys, m.Key()), append(values, m.Value())
		}
		if !json.Valid(data) {
			return
		}
		isObject := bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
		require.Equal(t, isObject, m.Whole())
		if !isObject {
			require.Empty(t, keys)
			return
		}
		requireMembers(t, data, keys, values)
	})
}

func requireMembers(t *testing.T, object []byte, keys, values [][]byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	_, err := d.Token()
	require.NoError(t, err)
	for i := 0; d.More(); i++ {
		require.Less(t, i, len(keys))
		key, err := d.Token()
		require.NoError(t, err)
		var scanned string
		require.NoError(t, json.Unmarshal([]byte(`"`+string(keys[i])+`"`), &scanned))
		require.Equal(t, key, scanned)

		var value json.RawMessage
		require.NoError(t, d.Decode(&value))
		require.Equal(t, string(value), string(values[i]))
	}
}
