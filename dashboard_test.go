package pushgw

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/v2/metrics"
)

// aggregates are those that k6's dashboard has of each type of metric.
var aggregates = map[metrics.MetricType][]string{
	metrics.Counter: {"count", "rate"},
	metrics.Gauge:   {"value"},
	metrics.Rate:    {"rate"},
	metrics.Trend:   {"avg", "min", "med", "max", "p90", "p95", "p99"},
}

// Each panel of the dashboard in examples shows metrics that exist, by aggregates that
// they have. k6 shows nothing, and says nothing, where one doesn't.
func TestTheDashboardShowsWhatThereIs(t *testing.T) {
	t.Parallel()
	registry := metrics.NewRegistry()
	_, err := registerMetrics(registry)
	require.NoError(t, err)
	metrics.RegisterBuiltinMetrics(registry)
	text, err := os.ReadFile("examples/.dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Tabs []struct {
			Sections []struct {
				Panels []struct {
					ID, Title, Kind string
					Series          []struct{ Query, Legend string }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	query := regexp.MustCompile(`^([A-Za-z_]+)\[\?!tags && \(?([a-z0-9| ]+)\)?\]$`)
	panels := make(map[string]bool)
	for _, tab := range dashboard.Tabs {
		for _, section := range tab.Sections {
			for _, panel := range section.Panels {
				require.False(t, panels[panel.ID], panel.ID)
				panels[panel.ID] = true
				require.Contains(t, []string{"stat", "chart"}, panel.Kind)
				require.NotEmpty(t, panel.Series)
				for _, series := range panel.Series {
					parts := query.FindStringSubmatch(series.Query)
					require.NotNil(t, parts, series.Query)
					metric := registry.Get(parts[1])
					require.NotNil(t, metric, series.Query)
					for _, aggregate := range regexp.MustCompile(` \|\| `).Split(parts[2], -1) {
						require.Contains(t, aggregates[metric.Type], aggregate, series.Query)
					}
				}
			}
		}
	}
	require.Len(t, panels, 15)
}
