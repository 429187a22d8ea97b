package manifests

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// field is what a field of an object may hold.
type field struct {
	kind     string // scalar, a type of the schema, or either as []kind or map[string]kind
	required bool
}

// schema has the fields of each type, by its name.
type schema struct {
	types map[string]map[string]field
	used  map[string]bool // types of which some object was checked
}

// readSchema reads fields.txt.
func readSchema(t *testing.T) *schema {
	t.Helper()
	text, err := os.ReadFile("fields.txt")
	require.NoError(t, err)
	s := &schema{types: make(map[string]map[string]field), used: make(map[string]bool)}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		owner, name, found := strings.Cut(words[0], ".")
		require.True(t, found, line)
		if s.types[owner] == nil {
			s.types[owner] = make(map[string]field)
		}
		s.types[owner][name] = field{kind: words[1], required: slices.Contains(words[2:], "required")}
	}
	return s
}

// check returns what is wrong with a value that is to be of a kind. The path is where it
// stands.
func (s *schema) check(value *yaml.Node, kind, path string) []string {
	if value.Kind == yaml.AliasNode {
		return []string{path + " is an alias"} // which not every reader of manifests follows
	}
	if item, ok := strings.CutPrefix(kind, "[]"); ok {
		return s.checkList(value, item, path)
	}
	if item, ok := strings.CutPrefix(kind, "map[string]"); ok {
		return s.checkMap(value, path, func(string) (string, bool) { return item, true })
	}
	if accepted, ok := scalars[kind]; ok {
		return checkScalar(value, kind, accepted, path)
	}
	return s.checkObject(value, kind, path)
}

func (s *schema) checkList(value *yaml.Node, item, path string) (problems []string) {
	if value.Kind != yaml.SequenceNode {
		return []string{path + " is no list"}
	}
	for i, element := range value.Content {
		problems = append(problems, s.check(element, item, path+"["+strconv.Itoa(i)+"]")...)
	}
	return problems
}

// checkMap checks the members of a mapping, whose kinds the names tell.
func (s *schema) checkMap(value *yaml.Node, path string, kindOf func(string) (string, bool)) (problems []string) {
	if value.Kind != yaml.MappingNode {
		return []string{path + " is no object"}
	}
	seen := make(map[string]bool)
	for i := 0; i < len(value.Content); i += 2 {
		name := value.Content[i].Value
		at := strings.TrimPrefix(path+"."+name, ".")
		kind, known := kindOf(name)
		switch {
		case !known:
			problems = append(problems, "there is no "+at)
		case seen[name]:
			problems = append(problems, at+" is there twice")
		default:
			problems = append(problems, s.check(value.Content[i+1], kind, at)...)
		}
		seen[name] = true
	}
	return problems
}

func (s *schema) checkObject(value *yaml.Node, kind, path string) []string {
	fields, ok := s.types[kind]
	if !ok {
		return []string{fmt.Sprintf("fields.txt lacks %s, the type of %s", kind, path)}
	}
	s.used[kind] = true
	problems := s.checkMap(value, path, func(name string) (string, bool) {
		found, known := fields[name]
		return found.kind, known
	})
	for name, described := range fields {
		if described.required && member(value, name) == nil {
			problems = append(problems, strings.TrimPrefix(path+"."+name, ".")+" is missing")
		}
	}
	return problems
}

// scalars are the tags of YAML that each kind of scalar may have. A string that looks like
// a number has to be quoted, or Kubernetes refuses it.
var scalars = map[string][]string{
	"string":      {"!!str"},
	"integer":     {"!!int"},
	"boolean":     {"!!bool"},
	"quantity":    {"!!str", "!!int"},
	"intOrString": {"!!str", "!!int"},
}

func checkScalar(value *yaml.Node, kind string, accepted []string, path string) []string {
	if value.Kind != yaml.ScalarNode || !slices.Contains(accepted, value.ShortTag()) {
		return []string{fmt.Sprintf("%s is no %s", path, kind)}
	}
	return nil
}

// member returns a member of a mapping, or nil.
func member(value *yaml.Node, name string) *yaml.Node {
	for i := 0; value.Kind == yaml.MappingNode && i < len(value.Content); i += 2 {
		if value.Content[i].Value == name {
			return value.Content[i+1]
		}
	}
	return nil
}
