package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeScripts: every listing is accepted by k6, and those that need nothing but
// the local gateway do what README.md says.
func TestReadmeScripts(t *testing.T) {
	t.Parallel()
	scripts := listings(t)
	require.Len(t, scripts, 4)
	g := serve(t)
	for _, script := range scripts {
		command := exec.CommandContext(t.Context(), binary(t), append([]string{"inspect", script}, flagsOf(g.env("API_KEY=da2-x"))...)...)
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	t.Run("broadcast", func(t *testing.T) {
		t.Parallel()
		o := k6(t, scripts[0], g.env()...)
		o.requireClean(t)
		requireDelivered(t, o, 1000, 20)
		requireAccount(t, o.said(t, 1)[0], 1000, 20)
	})
	t.Run("connection", func(t *testing.T) {
		t.Parallel()
		o := k6(t, scripts[3], serve(t).env()...)
		o.requireClean(t)
		o.requireCounts(t, map[string]int{"ws_sessions": 1, "pushgw_closed code=1000 by=client": 1})
		require.Len(t, o.objects, 1)
	})
}

// listings returns paths of the scripts in README.md.
func listings(t *testing.T) []string {
	t.Helper()
	readme := read(t, "../README.md")
	var paths []string
	for _, block := range regexp.MustCompile("(?s)```js\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		path := filepath.Join(t.TempDir(), "script.js")
		require.NoError(t, os.WriteFile(path, []byte(block[1]), 0o600))
		paths = append(paths, path)
	}
	return paths
}

// flagsOf returns variables as flags of k6.
func flagsOf(variables []string) []string {
	var flags []string
	for _, variable := range variables {
		flags = append(flags, "-e", variable)
	}
	return flags
}

// TestMetricsPage: docs/metrics.md explains every metric that README.md lists.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(read(t, "../README.md"), "\n## Metrics\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	names := regexp.MustCompile("`\\w+`").FindAllString(section, -1)
	require.Greater(t, len(names), 15)
	page := read(t, "../docs/metrics.md")
	for _, name := range names {
		require.Regexp(t, `(?m)^\|.*`+name+`.*\| (Counter|Gauge|Rate|Trend)`, page)
	}
}

// TestLinks: what the pages link to in the tree is there, headings included.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	found := 0
	for _, page := range append(pages, "../README.md", "../CONTRIBUTING.md") {
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			found++
			path, heading, _ := strings.Cut(link[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			require.True(t, exists(target), "%s links to %s", page, link[1])
			if heading != "" {
				require.Contains(t, headings(read(t, target)), heading, "%s links to %s", page, link[1])
			}
		}
	}
	require.NotZero(t, found)
}

// headings returns the names by which a page's headings are linked to.
func headings(page string) []string {
	var names []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}
