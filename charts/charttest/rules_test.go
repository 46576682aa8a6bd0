package charttest

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRulesBetweenValuesSayWhatToDo holds what the schema cannot say: each message
// names the value, the reason and the way out.
func TestRulesBetweenValuesSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		values map[string]any
		says   []string
	}{
		"no place for files":           {one("", "blobs", "url"), []string{"blobs:", "share a store", "blobs.url"}},
		"two places for files":         {one(true, "blobs", "volume", "enabled"), []string{"blobs.url and blobs.volume.enabled", "one place"}},
		"no bus":                       {one(false, "nats", "enabled"), []string{"nats.external.url is empty", "name a server"}},
		"two buses":                    {one("nats://a.example.org:4222", "nats", "external", "url"), []string{"nats.external.url has no effect", "nats.enabled"}},
		"fewer at most than at least":  {one(map[string]any{"enabled": true, "minReplicas": 7, "maxReplicas": 6}, "badges", "autoscaling"), []string{"minReplicas 7", "maxReplicas 6"}},
		"autoscaling by nothing":       {one(map[string]any{"enabled": true, "targetCPU": 0}, "badges", "autoscaling"), []string{"targetCPU", "set one of them"}},
		"too few connections":          {map[string]any{"database": one(true, "cloudNativePG", "enabled"), "gateway": map[string]any{"replicas": 6}}, []string{"max_connections 400", "up to 404 connections", `set it to "404"`}},
		"PostgreSQL's own default":     {one(map[string]any{"enabled": true, "parameters": map[string]any{"max_connections": nil}}, "database", "cloudNativePG"), []string{"max_connections 100", "up to 340"}},
		"connections for autoscalers":  {map[string]any{"database": one(true, "cloudNativePG", "enabled"), "badges": one(map[string]any{"enabled": true, "maxReplicas": 10}, "autoscaling")}, []string{"up to 468 connections"}},
		"certificates without TLS":     {one(true, "tls", "certManager", "enabled"), []string{"tls.certManager.enabled has no effect", "set tls.enabled"}},
		"secrets from no store":        {one(true, "externalSecrets", "enabled"), []string{"externalSecrets.secretStoreRef.name is empty"}},
		"a backup to nowhere":          {one(true, "backup", "enabled"), []string{"backup.enabled without a place", "backup.url"}},
		"a backup to two places":       {one(map[string]any{"enabled": true, "url": "s3://b", "volume": map[string]any{"existingClaim": "c"}}, "backup"), []string{"backup.url and backup.volume.existingClaim"}},
		"a route of no gateway":        {one(true, "httpRoute", "enabled"), []string{"httpRoute.parentRefs is empty", "add one"}},
		"mails from nobody":            {one("mail", "mail", "secretName"), []string{"mail.from"}},
		"no public address":            {one("", "publicUrl"), []string{"publicUrl is required", "--set publicUrl="}},
		"single with encryption":       {map[string]any{"scenario": "single", "tls": map[string]any{"enabled": true}}, []string{"tls.enabled has no effect in scenario single", "set scenario to cluster"}},
		"single with a backup job":     {map[string]any{"scenario": "single", "backup": map[string]any{"enabled": true, "url": "s3://b"}}, []string{"backup.enabled has no effect in scenario single"}},
		"single with another database": {map[string]any{"scenario": "single", "database": one(true, "cloudNativePG", "enabled")}, []string{"database.cloudNativePG.enabled has no effect"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Template(chartFolder, clusterWith(t, c.values))
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

func TestWrongValuesOfTheClusterAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		values map[string]any
		named  string
	}{
		"two NATS servers":                {one(2, "nats", "replicas"), "nats.replicas"},
		"a password in the bus's address": {one(map[string]any{"enabled": false, "external": map[string]any{"url": "nats://me:secret@a.example.org"}}, "nats"), "nats.external.url"},
		"a class with a space":            {one("fast disk", "nats", "persistence", "storageClassName"), "storageClassName"},
		"a component nobody knows":        {one(1, "billing", "replicas"), "billing"},
		"a misspelled key of a component": {one(1, "schools", "replica"), "schools"},
		"an emptied section":              {one(nil, "schools", "podLabels"), "missing property 'podLabels'"},
		"an emptied part of the chart":    {one(nil, "tls"), "missing property 'tls'"},
		"no limit of memory":              {one(map[string]any{"memory": nil}, "schools", "resources", "limits"), "schools.resources.limits"},
		"memory without a unit":           {one("512", "schools", "resources", "limits", "memory"), "schools.resources.limits.memory"},
		"a share of more than all":        {one(1.5, "telemetry", "traceRatio"), "telemetry.traceRatio"},
		"a cron line of four":             {one("15 2 * *", "backup", "schedule"), "backup.schedule"},
		"a backup into a folder":          {one("/mnt/backup", "backup", "url"), "backup.url"},
		"a wait of text":                  {one("10m", "startWaitSeconds"), "startWaitSeconds"},
		"a spread that does not exist":    {one("Maybe", "topologySpread", "zone"), "topologySpread.zone"},
		"an address that is none":         {one([]any{one("10.0.0.1", "ipBlock", "cidr")}, "networkPolicy", "database", "to"), "cidr"},
		"no port for the database":        {one([]any{}, "networkPolicy", "database", "ports"), "networkPolicy.database.ports"},
		"a proxy by its name":             {one([]any{"proxy.example.org"}, "trustedProxies"), "trustedProxies"},
		"a store of another kind":         {one("Vault", "externalSecrets", "secretStoreRef", "kind"), "externalSecrets.secretStoreRef.kind"},
		"a route to nobody":               {one([]any{map[string]any{"namespace": "gateways"}}, "httpRoute", "parentRefs"), "httpRoute.parentRefs.0"},
		"a duration of words":             {one("a month", "tls", "certManager", "duration"), "tls.certManager.duration"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Template(chartFolder, clusterWith(t, c.values))
			require.ErrorContains(t, named(err), c.named)
		})
	}
}

// named has the paths of values as people write them, with dots.
func named(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), "/", "."))
}

func TestVariablesOfComponentsCannotBeSetTwice(t *testing.T) {
	r := renderAny(t, scenario(t, "values-state.yaml"))
	names := map[string]bool{}
	for _, w := range r.Workloads() {
		for name := range w.Env() {
			names[name] = strings.HasPrefix(name, "TANDEM_") || strings.HasPrefix(name, "NATS_") || name == "GOMEMLIMIT"
		}
	}
	for name, chart := range names {
		if !chart {
			continue
		}
		_, err := Template(chartFolder, clusterWith(t, one([]any{map[string]any{"name": name, "value": "x"}}, "schools", "extraEnv")))
		require.ErrorContains(t, err, "extraEnv", name)
	}
}
