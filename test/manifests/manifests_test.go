// Package manifests checks what examples/distributed has for Kubernetes, as far as that can
// be done without a cluster: every field exists, stands where it belongs and has the type
// that it is to have, and the manifests agree with each other and with the scripts.
package manifests

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestManifestsHaveNoUnknownField: nor one of another type, nor lack they a required one.
// And fields.txt has no type that they don't need.
func TestManifestsHaveNoUnknownField(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(distributed + "kubernetes/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	s := readSchema(t)
	for _, path := range paths {
		require.Empty(t, s.problems(t, read(t, path)), path)
	}
	for kind := range s.types {
		require.True(t, s.used[kind], "fields.txt has %s, which no manifest has", kind)
	}
}

// TestMistakesAreFound: in each manifest that has a mistake.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	manifest := read(t, distributed+"kubernetes/testrun.yaml")
	for mistake, c := range map[string]struct{ old, replacement, want string }{
		"misspelt":         {"parallelism: 4", "paralellism: 4", "there is no spec.paralellism"},
		"missing":          {"parallelism: 4", "quiet: \"true\"", "spec.parallelism is missing"},
		"in a wrong place": {"  separate: true", "  runAsUser: 12345", "there is no spec.runAsUser"},
		"in a list":        {"mountPath: /results", "path: /results", "there is no spec.runner.volumeMounts[0].path"},
		"not a string":     {`value: "40000"`, "value: 40000", "spec.runner.env[1].value is no string"},
		"not a number":     {"parallelism: 4", `parallelism: "4"`, "spec.parallelism is no integer"},
		"not a list":       {"drop: [ALL]", "drop: ALL", "spec.initializer.containerSecurityContext.capabilities.drop is no list"},
		"not an object":    {"{ type: RuntimeDefault }", "RuntimeDefault", "spec.initializer.securityContext.seccompProfile is no object"},
		"twice":            {"parallelism: 4", "parallelism: 4\n  parallelism: 5", "spec.parallelism is there twice"},
		"another kind":     {"kind: TestRun", "kind: K6", "there is no k6.io/v1alpha1 K6"},
		"an alias":         {"- { name: results, mountPath: /results }", "- &a { name: results, mountPath: /results }\n      - *a", "spec.runner.volumeMounts[1] is an alias"},
	} {
		t.Run(mistake, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, manifest, c.old)
			require.Contains(t, readSchema(t).problems(t, strings.Replace(manifest, c.old, c.replacement, 1)), c.want)
		})
	}
}

// TestManifestsBelongTogether: what one of them names, another describes.
func TestManifestsBelongTogether(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	claim, account := text(all["PersistentVolumeClaim"], "metadata", "name"), text(all["ServiceAccount"], "metadata", "name")
	for kind, object := range all {
		for _, image := range every(object, "image") {
			require.Equal(t, "registry.example.com/k6-pushgw:1", image, kind)
		}
		for _, used := range every(object, "claimName") {
			require.Equal(t, claim, used, kind)
		}
		for _, used := range every(object, "serviceAccountName") {
			require.Equal(t, account, used, kind)
		}
		for _, id := range slices.Concat(every(object, "runAsUser"), every(object, "runAsGroup"), every(object, "fsGroup")) {
			require.Equal(t, imageUser(t), id, kind)
		}
	}
	require.Contains(t, read(t, distributed+"cloud.js"), "loadZone: '"+text(all["PrivateLoadZone"], "metadata", "name")+"'")
	class := all["StorageClass"]
	require.Equal(t, text(class, "metadata", "name"), text(all["PersistentVolumeClaim"], "spec", "storageClassName"))
	for _, id := range []string{"uid", "gid"} {
		require.Equal(t, imageUser(t), text(class, "parameters", id), "or the pods can't write")
	}
	for kind, volumes := range map[string][]string{
		"TestRun": {"spec", "runner"}, "Job": {"spec", "template", "spec"}, "Pod": {"spec"},
	} {
		pod := at(all[kind], volumes...)
		require.Equal(t, "results", text(at(pod, "volumes").Content[0], "name"), kind)
		require.Equal(t, []string{"/results"}, every(pod, "mountPath"), kind)
	}
}

// TestTheRunIsOfOnePiece: the pods, the script and the report have the same numbers.
func TestTheRunIsOfOnePiece(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	run, job := all["TestRun"], all["Job"]
	name, env := text(run, "metadata", "name"), at(run, "spec", "runner", "env")
	script := read(t, root+"/examples/"+text(run, "spec", "script", "configMap", "file"))
	for _, variable := range env.Content {
		if name := text(variable, "name"); !strings.HasPrefix(name, "PUSHGW_") {
			require.Contains(t, script, "__ENV."+name, "the script doesn't read it")
		}
	}
	number := func(variable string) float64 {
		n, err := strconv.ParseFloat(named(env, variable, "value"), 64)
		require.NoError(t, err, variable)
		return n
	}
	pods := number("SEGMENTS")
	require.Equal(t, text(run, "spec", "parallelism"), named(env, "SEGMENTS", "value"))
	require.Zero(t, int(number("LISTENERS"))%int(number("VUS")))
	require.Zero(t, int(number("VUS"))%int(pods), "or the script's thresholds have shares that aren't whole")

	doctor := words(at(at(run, "spec", "runner", "initContainers").Content[0], "command"))
	require.Contains(t, doctor, strconv.Itoa(int(number("LISTENERS")/pods)))
	require.Contains(t, doctor, strconv.Itoa(int(number("LISTENERS")/number("VUS"))))

	container := at(job, "spec", "template", "spec", "containers").Content[0]
	args := words(at(container, "args"))
	require.Equal(t, "/results/"+name, named(env, "PUSHGW_RESULT", "value"))
	require.Contains(t, args, "/results/"+name)
	require.Contains(t, args, "--output=/results/"+name+"/report.html")
	require.Contains(t, args, "--expect=received=="+strconv.Itoa(int(number("LISTENERS")*number("BROADCASTS"))))
	require.Equal(t, name+"-report", text(job, "metadata", "name"))
}
