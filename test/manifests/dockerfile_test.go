package manifests

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheImageHasTheTreesVersions: it is built as `make build` does, of the same k6 and
// with a Go that the tools can do with.
func TestTheImageHasTheTreesVersions(t *testing.T) {
	t.Parallel()
	dockerfile, makefile := read(t, distributed+"Dockerfile"), read(t, root+"/Makefile")
	k6 := one(t, makefile, `(?m)^k6_version := (\S+)$`)
	require.Equal(t, k6, one(t, read(t, root+"/go.mod"), `(?m)^\tgo\.k6\.io/k6/v2 (\S+)$`))

	variables := strings.NewReplacer("$(tool)", one(t, makefile, `(?m)^tool +:= (.+)$`), "$(k6_version)", k6)
	made := variables.Replace(one(t, makefile, `(?m)^\t(\$\(tool\) xk6 build .*) --output \S+`))
	require.Equal(t, made, one(t, dockerfile, `(?m)^RUN CGO_ENABLED=0 (.*) --output /k6$`))

	tools := one(t, read(t, root+"/tools/go.mod"), `(?m)^go (\d+\.\d+)`)
	require.Equal(t, tools, one(t, dockerfile, `(?m)^FROM golang:([\d.]+)-alpine AS build$`))
}

// TestTheImageIsAsManifestsNeedIt: its user has a number, and k6 is where k6-operator
// and the manifests' commands look for it.
func TestTheImageIsAsManifestsNeedIt(t *testing.T) {
	t.Parallel()
	_, image, found := strings.Cut(read(t, distributed+"Dockerfile"), "\nFROM alpine:")
	require.True(t, found)
	require.Contains(t, image, "adduser -D -u "+imageUser(t)+" ")
	require.Contains(t, image, "COPY --from=build /k6 /usr/bin/k6\n")
	require.Contains(t, image, "ENV K6_AUTO_EXTENSION_RESOLUTION=false K6_NO_USAGE_REPORT=true\n")
	require.Contains(t, image, `ENTRYPOINT ["k6"]`)
}

// imageUser is the number of the user that the image runs as.
func imageUser(t *testing.T) string {
	t.Helper()
	return one(t, read(t, distributed+"Dockerfile"), `(?m)^USER (\d+)$`)
}

// one returns the group of the one match of a regular expression.
func one(t *testing.T, text, expression string) string {
	t.Helper()
	matches := regexp.MustCompile(expression).FindAllStringSubmatch(text, -1)
	require.Len(t, matches, 1, expression)
	return matches[0][1]
}
