package charttest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongValuesAreRefusedByName(t *testing.T) {
	one := func(section, key string, value any) map[string]any {
		return map[string]any{section: map[string]any{key: value}}
	}
	for name, c := range map[string]struct {
		values map[string]any
		named  string
	}{
		"no public address":               {map[string]any{"publicUrl": ""}, "publicUrl"},
		"a public address with a path":    {map[string]any{"publicUrl": "https://example.org/badges"}, "publicUrl"},
		"a public address without scheme": {map[string]any{"publicUrl": "badges.example.org"}, "publicUrl"},
		"a misspelled key":                {map[string]any{"publicURL": "https://example.org"}, "publicURL"},
		"a misspelled inner key":          {one("persistence", "sise", "1Gi"), "sise"},
		"a scenario that does not exist":  {map[string]any{"scenario": "several"}, "scenario"},
		"an unknown log level":            {one("log", "level", "loud"), "level"},
		"a drain that is text":            {map[string]any{"drainSeconds": "20s"}, "drainSeconds"},
		"a drain of nothing":              {map[string]any{"drainSeconds": 0}, "drainSeconds"},
		"a size without unit":             {one("persistence", "size", "10"), "size"},
		"a wrong end of the volume":       {one("persistence", "whenDeleted", "Forget"), "whenDeleted"},
		"the tag latest":                  {one("image", "tag", "latest"), "tag"},
		"a digest that is none":           {one("image", "digest", "sha256:1234"), "digest"},
		"a repository with a scheme":      {one("image", "repository", "https://registry.example.org/Tandem"), "repository"},
		"a port that does not exist":      {one("service", "port", 70000), "port"},
		"an origin for everybody":         {map[string]any{"corsOrigins": []any{"*"}}, "corsOrigins"},
		"an origin with a path":           {map[string]any{"corsOrigins": []any{"https://example.org/app"}}, "corsOrigins"},
		"blobs in a folder of the image":  {one("blobs", "url", "file:///srv"), "url"},
		"a keeper in the values":          {one("issuerKeeper", "url", "base64key://c2VjcmV0"), "url"},
		"a secret with a strange name":    {one("issuerKeeper", "secretName", "Keeper Key"), "secretName"},
		"a collector without port":        {one("telemetry", "otlpEndpoint", "http://collector"), "otlpEndpoint"},
		"a peer of no kind":               {one("networkPolicy", "httpFrom", []any{map[string]any{"podselector": map[string]any{}}}), "httpFrom"},
		"memory that is no quantity":      {one("resources", "limits", map[string]any{"memory": "much"}), "memory"},
		"a name that is none":             {map[string]any{"fullnameOverride": "Tandem_1"}, "fullnameOverride"},
	} {
		t.Run(name, func(t *testing.T) {
			values := c.values
			if _, own := values["publicUrl"]; !own {
				values = with(values)
			}
			_, err := Template(chartFolder, values)
			require.ErrorContains(t, err, c.named)
		})
	}
}

func TestVariablesOfTheChartCannotBeSetTwice(t *testing.T) {
	for _, name := range []string{"TANDEM_DEV", "TANDEM_DEMO", "TANDEM_WALKTHROUGH", "TANDEM_CONFIG", "TANDEM_DATA", "WITH SPACE", ""} {
		_, err := Template(chartFolder, with(map[string]any{"extraEnv": []any{map[string]any{"name": name, "value": "true"}}}))
		require.ErrorContains(t, err, "extraEnv", name)
	}
	for name := range env(t, render(t, with(map[string]any{
		"blobs": map[string]any{"url": "s3://b"}, "issuerKeeper": map[string]any{"secretName": "k"}, "corsOrigins": []any{"https://example.org"}, "telemetry": map[string]any{"otlpEndpoint": "http://c:4317"},
	}))) {
		_, err := Template(chartFolder, with(map[string]any{"extraEnv": []any{map[string]any{"name": name}}}))
		require.ErrorContains(t, err, "extraEnv", "%s is set by the chart", name)
	}
}

func TestLongNamesStayValid(t *testing.T) {
	r := render(t, with(map[string]any{"nameOverride": strings.Repeat("n", 40)}))
	require.Len(t, r.StatefulSets[0].Name, 40, "components and Kubernetes add to it; 63 are allowed")
	for _, s := range r.Services {
		require.LessOrEqual(t, len(s.Name), 63)
	}
}
