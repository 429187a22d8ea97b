package pushgw

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/metrics"
)

// TestDeclarationsListEveryError: errors.go and index.d.ts have the same names.
func TestDeclarationsListEveryError(t *testing.T) {
	t.Parallel()
	var names []string
	inspect(t, "errors.go", func(node ast.Node) {
		if spec, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "name") && len(spec.Values) == 1 {
			names = append(names, text(t, spec.Values[0]))
		}
	})
	require.NotEmpty(t, names)

	_, union, _ := strings.Cut(declarations(t), "export type ErrorName =")
	union, _, _ = strings.Cut(union, ";")
	var declared []string
	for _, member := range regexp.MustCompile(`\| "(\w+)"`).FindAllStringSubmatch(union, -1) {
		declared = append(declared, member[1])
	}
	require.ElementsMatch(t, names, declared)
}

// TestDeclarationsListEveryOption: whatever is read of an options object is in
// index.d.ts.
func TestDeclarationsListEveryOption(t *testing.T) {
	t.Parallel()
	readers := []string{
		"str", "oneOf", "number", "perSecond", "integer", "duration", "boolean", "list", "values", "section", "json", "raw", "require", "read", "expression",
	}
	declared := declarations(t)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		inspect(t, file, func(node ast.Node) {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains(readers, method.Sel.Name) {
				return
			}
			i := 0
			if method.Sel.Name == "read" { // a varying option, whose options come first
				i = 1
			}
			key, isText := call.Args[min(i, len(call.Args)-1)].(*ast.BasicLit)
			if !isText {
				return
			}
			found++
			option := regexp.MustCompile(`\n +` + text(t, key) + `\??: `)
			require.True(t, option.MatchString(declared), "index.d.ts lacks the option %s of %s", key.Value, file)
		})
	}
	require.NotZero(t, found)
}

// TestReadmeListsEveryMetric: whatever is registered is in docs/metrics.md, which README.md
// leads to.
func TestReadmeListsEveryMetric(t *testing.T) {
	t.Parallel()
	registry := metrics.NewRegistry()
	_, err := registerMetrics(registry)
	require.NoError(t, err)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "(docs/metrics.md)")
	page, err := os.ReadFile("docs/metrics.md")
	require.NoError(t, err)
	for _, metric := range registry.All() {
		require.Contains(t, string(page), "`"+metric.Name+"`")
	}
}

func declarations(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("index.d.ts")
	require.NoError(t, err)
	return string(content)
}

func inspect(t *testing.T, path string, f func(ast.Node)) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(node ast.Node) bool {
		f(node)
		return true
	})
}

// text is the value of a string literal.
func text(t *testing.T, e ast.Expr) string {
	t.Helper()
	literal, ok := e.(*ast.BasicLit)
	require.True(t, ok)
	value, err := strconv.Unquote(literal.Value)
	require.NoError(t, err)
	return value
}
