// Package routes is an application that a file describes: what a WebSocket API with JSON
// messages does on each of its routes, with $request.body.action as the route selection
// expression. So one's own application can be tried without AWS, as far as it answers and
// broadcasts.
package routes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Routes are an application's routes by their keys.
type Routes map[string]Route

// Route is what happens to a message, in the order of the fields.
type Route struct {
	Join      *Template  `json:"join"` // the group that the connection enters, and leaves its former one for
	Broadcast *Broadcast `json:"broadcast"`
	Reply     *Template  `json:"reply"` // to the connection
}

// Broadcast is a message to everybody in a group.
type Broadcast struct {
	Group   *Template `json:"group"`
	Message *Template `json:"message"`
}

// The route keys that API Gateway reserves and that can be used here.
const (
	connectKey = "$connect"
	defaultKey = "$default"
)

// Parse reads routes. The error names the route that it is about.
func Parse(file []byte) (Routes, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(file, &raw); err != nil {
		return nil, fmt.Errorf("must be a JSON object of routes by their keys: %w", err)
	}
	if len(raw) == 0 {
		return nil, errors.New("must have a route")
	}
	routes := Routes{}
	for key, text := range raw {
		route, err := parseRoute(key, text)
		if err != nil {
			return nil, fmt.Errorf("route %q: %w", key, err)
		}
		routes[key] = route
	}
	return routes, nil
}

func parseRoute(key string, text []byte) (Route, error) {
	var route Route
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&route); err != nil {
		return route, inPlainWords(err)
	}
	switch {
	case key == "" || strings.HasPrefix(key, "$") && key != connectKey && key != defaultKey:
		return route, fmt.Errorf("there is no such key; of those with a dollar sign only %s and %s can be used", connectKey, defaultKey)
	case key == connectKey && (route.Reply != nil || route.Broadcast != nil):
		return route, errors.New("can only join: nothing can be posted before the connection is open")
	case route.Broadcast != nil && (route.Broadcast.Group == nil || route.Broadcast.Message == nil):
		return route, errors.New("broadcast: must have a group and a message")
	default:
		return route, nil
	}
}

// inPlainWords returns the error of a route that isn't of the right shape without the names that
// it has in this program.
func inPlainWords(err error) error {
	shape := new(json.UnmarshalTypeError)
	if errors.As(err, &shape) {
		if shape.Field == "broadcast" {
			return fmt.Errorf("broadcast: must be an object with group and message, not a JSON %s", shape.Value)
		}
		return fmt.Errorf("must be an object with join, broadcast and reply, each of them optional, not a JSON %s", shape.Value)
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("has the key %s, which nothing knows: a route has join, broadcast and reply, and a broadcast has group and message", key)
	}
	return err
}

// maxFile is how many bytes a file of routes may have.
const maxFile = 1 << 20

// Read is Parse for what a file holds.
func Read(r io.Reader) (Routes, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(file) > maxFile:
		return nil, fmt.Errorf("must be at most %d bytes long", maxFile)
	default:
		return Parse(file)
	}
}
