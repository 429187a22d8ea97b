package e2e

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pushgw/xk6-pushgw/gateway"
)

// TestReadmeScripts: those listings of README.md that need nothing but the local gateway,
// and not ten thousand connections, do what README.md says.
func TestReadmeScripts(t *testing.T) {
	t.Parallel()
	scripts := listings(t)
	require.Len(t, scripts, 5)
	for i, name := range []string{"API Gateway", "AppSync", "AppSync Events"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := scripts[i]
			if strings.Contains(read(t, script), "p(99)<") { // how fast it is says nothing here
				script = changed(t, script, "p(99)<1000", "p(99)<60000")
			}
			o := k6(t, script, serve(t).env()...)
			o.requireClean(t)
			requireDelivered(t, o, 1000, 20)
			requireAccount(t, o.said(t, 1)[0], 1000, 20)
		})
	}
	t.Run("connection", func(t *testing.T) {
		t.Parallel()
		o := k6(t, scripts[4], serve(t).env()...)
		o.requireClean(t)
		o.requireCounts(t, map[string]int{"ws_sessions": 1, "pushgw_closed code=1000 by=client": 1})
		require.Len(t, o.objects, 1)
	})
}

// TestScriptsNeedNoVariables: k6 inspects and archives every listing of README.md and
// every example without any variables, as k6-operator does before a test.
func TestScriptsNeedNoVariables(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Glob("../examples/*.js")
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	examples = append(examples, "../examples/distributed/cloud.js")
	for _, script := range append(listings(t), examples...) {
		for _, command := range [][]string{
			{"inspect", "--execution-requirements", script},
			{"archive", "--archive-out", filepath.Join(t.TempDir(), "archive.tar"), script},
		} {
			t.Run(command[0]+" "+script, func(t *testing.T) {
				t.Parallel()
				run := exec.CommandContext(t.Context(), binary(t), command...)
				run.Env = []string{"HOME=" + t.TempDir(), "K6_AUTO_EXTENSION_RESOLUTION=false"}
				output, err := run.CombinedOutput()
				require.NoError(t, err, "%s", output)
			})
		}
	}
}

// TestScriptsNoticeWhenTheGatewayHangsUp: every listing of README.md that has thresholds,
// and every example, has one on connections that failed and one on those that the gateway
// closed; and where it broadcasts, one on each way in which a broadcast isn't received, and the
// number that has to come.
func TestScriptsNoticeWhenTheGatewayHangsUp(t *testing.T) {
	t.Parallel()
	examples, err := filepath.Glob("../examples/*.js")
	require.NoError(t, err)
	found := 0
	for _, script := range append(listings(t), examples...) {
		text := read(t, script)
		if !strings.Contains(text, "thresholds: {") {
			continue
		}
		found++
		if strings.Contains(text, "...apigw.thresholds") {
			continue // which are other examples'
		}
		require.Regexp(t, `'pushgw_closed\{(gateway:\w+,)?by:gateway\}': \['count==0'\]`, text, script)
		require.Regexp(t, `pushgw_connect_failed(\{gateway:\w+\}')?: \['count==0'\]`, text, script)
		if strings.Contains(text, "pushgw_lost") {
			require.Regexp(t, `msg_received_counter(\{gateway:\w+\}')?: \[.count==`, text, script)
			require.Contains(t, text, "pushgw_indeterminate", script)
			require.Contains(t, text, "pushgw_missed", script)
			require.Contains(t, text, "pushgw_unsent", script)
			require.Contains(t, text, "pushgw_indeterminate", script)
		}
	}
	require.Equal(t, 4+len(examples), found)
}

// listings returns paths of the scripts in README.md.
func listings(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, script := range listingsOf(read(t, "../README.md")) {
		path := filepath.Join(t.TempDir(), "script.js")
		require.NoError(t, os.WriteFile(path, []byte(script), 0o600))
		paths = append(paths, path)
	}
	return paths
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

// TestReliabilityPage: every test that docs/reliability.md names exists, and each row
// names one.
func TestReliabilityPage(t *testing.T) {
	t.Parallel()
	page := read(t, "../docs/reliability.md")
	exists := testsOfTheTree(t)
	named := regexp.MustCompile("`(Test|Fuzz)\\w+`")
	rows := 0
	for _, row := range regexp.MustCompile(`(?m)^\|.*\|$`).FindAllString(page, -1) {
		if strings.HasPrefix(row, "|---") || strings.HasPrefix(row, "| fault ") {
			continue
		}
		rows++
		require.Regexp(t, named, row, "a row that no test proves")
	}
	require.Greater(t, rows, 20)
	for _, name := range named.FindAllString(page, -1) {
		require.True(t, exists[strings.Trim(name, "`")], "there is no test %s", name)
	}
}

// testsOfTheTree returns the names of all tests and fuzz targets.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	require.NoError(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, match := range declared.FindAllStringSubmatch(read(t, path), -1) {
			names[match[1]] = true
		}
		return nil
	}))
	require.NotEmpty(t, names)
	return names
}

// TestReadmeVersions: README.md names the k6 and the Go that go.mod does.
func TestReadmeVersions(t *testing.T) {
	t.Parallel()
	readme, module := read(t, "../README.md"), read(t, "../go.mod")
	k6 := regexp.MustCompile(`go\.k6\.io/k6/v2 (v\S+)`).FindStringSubmatch(module)
	toolchain := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(module)
	xk6 := regexp.MustCompile(`go\.k6\.io/xk6 (v\S+)`).FindStringSubmatch(read(t, "../tools/go.mod"))
	require.Contains(t, readme, "| main | "+k6[1]+" | "+toolchain[1]+" or later |")
	require.Contains(t, readme, "xk6 build "+k6[1]+" --with")
	require.Contains(t, readme, "go install go.k6.io/xk6@"+xk6[1])
}

// TestLinks: what the pages link to in the tree is there, headings included.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	found := 0
	for _, page := range append(pages, "../README.md", "../CONTRIBUTING.md", "../examples/distributed/README.md") {
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

// TestCredentialsPage: the clients of docs/credentials.md are let in.
func TestCredentialsPage(t *testing.T) {
	t.Parallel()
	g := serve(t, "--api-key", "da2-key", "--token", "jwt", "--issuer", "--access-key-id", "AKID", "--secret-access-key", "wJalr")
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "jwt")
	}))
	t.Cleanup(login.Close)
	tokens := strings.TrimSuffix(g.appsync(), "/graphql") + "/token"
	clients := listingsOf(read(t, "../docs/credentials.md"))
	require.Len(t, clients, 8)
	imports := regexp.MustCompile(`(?m)^import .*\n`)
	for i, client := range clients {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			use, sessions := `
				export default async function () {
					const connection = await client.connect();
					await connection.close();
				}`, 1
			if strings.Contains(client, "setup()") { // it has its own function, and the login of the listing before
				use, sessions = `
				async function login() { return (await http.asyncRequest('POST', LOGIN_URL)).body; }
				export { listener as default };`, 100
			}
			client = strings.ReplaceAll(imports.ReplaceAllString(client, ""), "http://127.0.0.1:8090/token", tokens)
			o := k6(t, written(t, `
				import http from 'k6/http';
				import secrets from 'k6/secrets';
				const { APPSYNC_URL: URL, APIGW_URL, LOGIN_URL } = __ENV;
				`+strings.ReplaceAll(client, "'1m'", "'1s'")+use), g.env("LOGIN_URL="+login.URL, "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=wJalr",
				"--secret-source=mock=key=da2-key,token=jwt,id=AKID,secret=wJalr")...)
			o.requireClean(t)
			o.requireCounts(t, map[string]int{"ws_sessions": sessions})
		})
	}
}

// TestYourApplicationPage: the listings of docs/your-application.md do what it says, on the
// local gateway as it says.
func TestYourApplicationPage(t *testing.T) {
	t.Parallel()
	listed := listingsOf(read(t, "../docs/your-application.md"))
	whole, scripts := listed[0], listed[1:] // which are parts to put into the first
	routed := []string{"--routes", "../examples/routes.json"}
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		o := k6(t, written(t, strings.Replace(whole, "import { apigw, appsync, events } from 'k6/x/pushgw';", "", 1)), serve(t, routed...).env()...)
		o.requireClean(t)
		requireDelivered(t, o, 100, 5)
		requireAccount(t, o.said(t, 1)[0], 100, 5)
	})
	pages := []struct {
		name       string
		flags      []string
		broadcasts int
		deliveries int // with four listeners
	}{
		{"routes", routed, 5, 20},
		{"each its own", routed, 5, 5},
		{"notify", routed, 20, 20},
		{"backend", routed, 0, 0},
		{"large messages", routed, 2, 8},
		{"schema", []string{"--schema", "../examples/orders.graphql"}, 5, 5},
		{"channels", nil, 5, 20},
	}
	require.Len(t, scripts, len(pages))
	for i, page := range pages {
		t.Run(page.name, func(t *testing.T) {
			t.Parallel()
			run := `
				const [, result] = await Promise.all([
					client.listen({ connections: 4, duration: '10s' }),
					client.ready({ listeners: 4 }).then(publish),
				]);
				return result;`
			if page.broadcasts == 0 {
				run = `return backend();`
			}
			g := serve(t, page.flags...)
			o := k6(t, written(t, `
				const { APIGW_URL, APPSYNC_URL, EVENTS_URL, API_KEY } = __ENV;
				`+scripts[i]+`
				export default async function () {
					console.log(JSON.stringify(await (async () => {`+run+`})()));
				}`), g.env("API_KEY="+gateway.APIKey)...)
			said := o.said(t, 1)[0]
			if page.broadcasts == 0 {
				require.Equal(t, "127.0.0.1", said.Get("from").Str)
				o.requireCounts(t, map[string]int{"http_reqs": 3, "pushgw_errors": 0, "pushgw_closed code=1000 by=gateway": 1})
				return
			}
			o.requireClean(t)
			require.EqualValues(t, page.broadcasts, said.Get("sent").Int())
			require.EqualValues(t, page.deliveries, said.Get("expected").Int())
			require.EqualValues(t, page.deliveries, said.Get("received").Int())
			require.Equal(t, page.deliveries, o.count("msg_received_counter"))
		})
	}
}

// listingsOf returns the scripts of a page.
func listingsOf(page string) []string {
	var scripts []string
	for _, block := range regexp.MustCompile("(?s)```js\n(.*?)```").FindAllStringSubmatch(page, -1) {
		scripts = append(scripts, block[1])
	}
	return scripts
}
