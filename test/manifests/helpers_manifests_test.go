package manifests

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	root        = "../.."
	distributed = root + "/examples/distributed/"
)

// kinds are the types of what the manifests describe, by apiVersion and kind.
var kinds = map[string]string{
	"k6.io/v1alpha1 TestRun":         "TestRun",
	"k6.io/v1alpha1 PrivateLoadZone": "PrivateLoadZone",
	"batch/v1 Job":                   "Job",
	"v1 Pod":                         "Pod",
	"v1 PersistentVolumeClaim":       "PersistentVolumeClaim",
	"v1 ServiceAccount":              "ServiceAccount",
	"storage.k8s.io/v1 StorageClass": "StorageClass",
}

// read returns the text of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// objects returns what a manifest describes.
func objects(t *testing.T, manifest string) (found []*yaml.Node) {
	t.Helper()
	documents := yaml.NewDecoder(strings.NewReader(manifest))
	for {
		document := &yaml.Node{}
		err := documents.Decode(document)
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		found = append(found, document.Content[0])
	}
}

// problems returns what is wrong with a manifest.
func (s *schema) problems(t *testing.T, manifest string) (found []string) {
	t.Helper()
	for _, object := range objects(t, manifest) {
		kind := text(object, "apiVersion") + " " + text(object, "kind")
		if kinds[kind] == "" {
			found = append(found, "there is no "+kind)
			continue
		}
		found = append(found, s.check(object, kinds[kind], "")...)
	}
	return found
}

// cluster is what all manifests describe, by kind. There is one of each.
func cluster(t *testing.T) map[string]*yaml.Node {
	t.Helper()
	paths, err := filepath.Glob(distributed + "kubernetes/*.yaml")
	require.NoError(t, err)
	all := make(map[string]*yaml.Node)
	for _, path := range paths {
		for _, object := range objects(t, read(t, path)) {
			all[text(object, "kind")] = object
		}
	}
	require.Len(t, all, len(kinds))
	return all
}

// at returns the value at a path of members, or nil.
func at(value *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		if value == nil {
			return nil
		}
		value = member(value, name)
	}
	return value
}

// text returns the scalar at a path, or nothing.
func text(value *yaml.Node, path ...string) string {
	if found := at(value, path...); found != nil {
		return found.Value
	}
	return ""
}

// named returns the value of the element of a list that has a name.
func named(list *yaml.Node, name, value string) string {
	for _, element := range list.Content {
		if text(element, "name") == name {
			return text(element, value)
		}
	}
	return ""
}

// every returns the scalars that stand under a name anywhere in a value.
func every(value *yaml.Node, name string) (found []string) {
	for i, inner := range value.Content {
		if value.Kind == yaml.MappingNode && i%2 == 1 && value.Content[i-1].Value == name && inner.Kind == yaml.ScalarNode {
			found = append(found, inner.Value)
		}
		found = append(found, every(inner, name)...)
	}
	return found
}

// words returns a list of scalars.
func words(list *yaml.Node) (all []string) {
	for _, element := range list.Content {
		all = append(all, element.Value)
	}
	return all
}
