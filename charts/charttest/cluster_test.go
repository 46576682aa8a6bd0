package charttest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
)

// one makes nested values of a path.
func one(value any, path ...string) map[string]any {
	for _, key := range slices.Backward(path) {
		value = map[string]any{key: value}
	}
	return value.(map[string]any)
}

func cluster(t *testing.T, more map[string]any) *Render {
	t.Helper()
	r := renderAny(t, clusterWith(t, more))
	require.Empty(t, Problems(r))
	return r
}

func TestTheOpenWaysAreThoseThatTheCodeNeeds(t *testing.T) {
	var want []Edge
	for from, all := range Calls {
		for _, to := range all {
			want = append(want, Edge{from, to, 9000})
		}
	}
	for _, component := range append(slices.Clone(components), "backup") {
		want = append(want, Edge{component, "nats", 4222})
	}
	for _, component := range components {
		want = append(want, Edge{"test", component, map[bool]int32{true: 8080, false: 8081}[component == "gateway"]})
	}
	want = append(want, Edge{"nats", "nats", 6222})
	// The gateway's HTTP port is for the ingress controller alone, by the values.
	require.ElementsMatch(t, want, renderAny(t, scenario(t, "values-state.yaml")).Edges())
}

func TestSecretsReachThoseWhoNeedThem(t *testing.T) {
	r := cluster(t, map[string]any{
		"mail":   map[string]any{"secretName": "mail", "from": "a@example.org"},
		"blobs":  map[string]any{"url": "s3://b", "secretName": "bucket"},
		"backup": map[string]any{"enabled": true, "url": "s3://c"},
	})
	every := []string{"tandem-database", "tandem-nats", "tandem-ops"}
	for component, own := range map[string][]string{
		"gateway":     append([]string{"tandem-keys-gateway"}, every...),
		"schools":     append([]string{"tandem-keys-schools"}, every...),
		"assessments": append([]string{"tandem-keys-assessments", "bucket", "mail"}, every...),
		"evidence":    append([]string{"tandem-keys-evidence", "bucket"}, every...),
		"badges":      append([]string{"tandem-keys-badges", "bucket", "tandem-keeper"}, every...),
		"nats":        {"tandem-nats"},
		"migrate":     {"tandem-database"},
		"backup":      {"tandem-database", "tandem-nats", "bucket"},
		"test":        {},
	} {
		require.ElementsMatch(t, own, slices.Collect(maps.Keys(r.Of(component).Secrets())), component)
	}
	for _, component := range components {
		ref := r.Of(component).Env()["TANDEM_"+strings.ToUpper(component)+"_DB"].ValueFrom.SecretKeyRef
		require.Equal(t, component, ref.Key, "the URL of its own role")
	}
	require.Equal(t, "owner", r.Of("migrate").Env()["TANDEM_DB"].ValueFrom.SecretKeyRef.Key)
}

func TestAMigrationThatNeedsTheReleaseIsNoHook(t *testing.T) {
	require.Equal(t, "pre-install,pre-upgrade", cluster(t, nil).Jobs[0].Annotations[hookAnnotation])
	own := one(true, "database", "cloudNativePG", "enabled")
	name := func(revision int, tag string) string {
		values := clusterWith(t, chartutil.CoalesceTables(one(tag, "image", "tag"), own))
		r, err := TemplateAs(chartFolder, values, chartutil.ReleaseOptions{Name: Release, Namespace: Namespace, Revision: revision})
		require.NoError(t, err)
		require.Empty(t, Problems(r))
		require.Empty(t, r.Jobs[0].Annotations[hookAnnotation], "the database comes with the release")
		return r.Jobs[0].Name
	}
	names := []string{name(1, "v1"), name(2, "v1"), name(1, "v2")}
	slices.Sort(names)
	require.Len(t, slices.Compact(names), 3, "a Job cannot be changed: each revision and image has one of its own")
	require.Empty(t, cluster(t, one(false, "migrate", "enabled")).Jobs)
}

func TestReplicasAreTheAutoscalersWhenThereIsOne(t *testing.T) {
	r := cluster(t, one(true, "gateway", "autoscaling", "enabled"))
	require.Len(t, r.Autoscalers, 1)
	for _, d := range r.Deployments {
		require.Equal(t, d.Name == "tandem-gateway", d.Spec.Replicas == nil, d.Name)
	}
}

func TestAComponentsOwnValuesWinOverTheGeneralOnes(t *testing.T) {
	r := cluster(t, map[string]any{
		"nodeSelector": map[string]any{"pool": "general"}, "priorityClassName": "normal",
		"topologySpread": map[string]any{"zone": "DoNotSchedule"},
		"badges":         map[string]any{"nodeSelector": map[string]any{"pool": "big"}, "priorityClassName": "high", "topologySpread": map[string]any{"hostname": ""}},
	})
	badges, schools := r.Of("badges").Spec, r.Of("schools").Spec
	require.Equal(t, "normal", schools.PriorityClassName)
	require.Equal(t, "high", badges.PriorityClassName)
	require.Equal(t, "general", schools.NodeSelector["pool"])
	require.Equal(t, corev1.DoNotSchedule, schools.TopologySpreadConstraints[1].WhenUnsatisfiable)
	require.Len(t, schools.TopologySpreadConstraints, 2)
}

func TestFilesLieInABucketOrOnAVolumeOfTheirOwn(t *testing.T) {
	r := cluster(t, nil)
	require.Empty(t, r.Claims)
	require.Equal(t, "s3://evidence?region=us-west-2", r.Of("evidence").Env()["TANDEM_BLOBS"].Value)
	r = cluster(t, one(map[string]any{"url": "", "volume": map[string]any{"enabled": true, "storageClassName": "-"}}, "blobs"))
	require.Equal(t, "keep", r.Claims[0].Annotations["helm.sh/resource-policy"])
	require.Equal(t, "", *r.Claims[0].Spec.StorageClassName)
	for _, component := range []string{"assessments", "evidence", "badges"} {
		require.Equal(t, "file:///var/lib/tandem/blobs", r.Of(component).Env()["TANDEM_BLOBS"].Value)
	}
	r = cluster(t, one(map[string]any{"url": "", "volume": map[string]any{"enabled": true, "existingClaim": "mine"}}, "blobs"))
	require.Empty(t, r.Claims)
}

func TestNATSIsTheChartsOrSomebodyElses(t *testing.T) {
	config := func(r *Render) string { return r.ConfigMaps[0].Data["nats.conf"] }
	alone := cluster(t, nil)
	require.Contains(t, config(alone), "sync_interval: always")
	require.NotContains(t, config(alone), "cluster {")
	require.Nil(t, alone.Of("nats").Container().Lifecycle, "a server alone had better be back soon")
	three := cluster(t, one(3, "nats", "replicas"))
	require.Contains(t, config(three), "cluster {")
	require.Equal(t, "3", three.Of("gateway").Env()["TANDEM_NATS_REPLICAS"].Value)
	require.Contains(t, three.Of("nats").Container().Lifecycle.PreStop.Exec.Command, "ldm=/tmp/nats.pid")
	require.Equal(t, "/healthz", three.Of("nats").Container().StartupProbe.HTTPGet.Path, "a server that has not caught up is no majority for the next that stops")
	five := cluster(t, one(5, "nats", "replicas"))
	require.Equal(t, "3", five.Of("gateway").Env()["TANDEM_NATS_REPLICAS"].Value, "three copies are enough")

	other := cluster(t, one(map[string]any{"enabled": false, "external": map[string]any{"url": "tls://a.example.org:4222,tls://b.example.org:4222", "secretName": "bus", "replicas": 3, "caConfigMap": "ca"}}, "nats"))
	require.Empty(t, other.StatefulSets)
	env := other.Of("schools").Env()
	require.Equal(t, "tls://$(NATS_USER):$(NATS_PASSWORD)@a.example.org:4222,tls://$(NATS_USER):$(NATS_PASSWORD)@b.example.org:4222", env["TANDEM_NATS"].Value)
	require.Equal(t, "/etc/tandem/nats/ca.crt", env["TANDEM_NATS_CA"].Value)
}

func TestMutualTLSIsOneSwitch(t *testing.T) {
	r := cluster(t, map[string]any{"tls": map[string]any{"enabled": true}, "nats": map[string]any{"replicas": 3}})
	for _, component := range components {
		w := r.Of(component)
		require.Equal(t, "/etc/tandem/tls", w.Env()["TANDEM_TLS_DIR"].Value)
		require.True(t, w.Secrets()["tandem-tls-"+component])
		require.True(t, strings.HasPrefix(w.Env()["TANDEM_NATS"].Value, "tls://"))
	}
	require.Equal(t, 2, strings.Count(r.ConfigMaps[0].Data["nats.conf"], "tls {"))
	require.Empty(t, r.Others["Certificate"])
	r = cluster(t, one(map[string]any{"enabled": true, "certManager": map[string]any{"enabled": true}}, "tls"))
	names := map[string]bool{}
	for _, c := range r.Others["Certificate"] {
		names[c["spec"].(map[string]any)["secretName"].(string)] = true
	}
	for _, component := range append(slices.Clone(components), "nats", "ca") {
		require.True(t, names["tandem-tls-"+component] || names["tandem-ca"] && component == "ca", component)
	}
	require.Len(t, r.Others["Issuer"], 2)
	theirs := cluster(t, one(map[string]any{"enabled": true, "certManager": map[string]any{"enabled": true, "issuerRef": map[string]any{"name": "state", "kind": "ClusterIssuer"}}}, "tls"))
	require.Empty(t, theirs.Others["Issuer"])
}

// A server reads its certificate once: a renewed one must be brought to its notice before the first ends.
func TestNATSIsToldOfRenewedCertificates(t *testing.T) {
	require.Len(t, cluster(t, nil).Of("nats").Spec.Containers, 1)
	r := cluster(t, one(true, "tls", "enabled"))
	w := r.Of("nats")
	require.True(t, *w.Spec.ShareProcessNamespace, "or there is nobody to signal")
	require.Len(t, w.Spec.Containers, 2)
	reloader, config := w.Spec.Containers[1], r.ConfigMaps[0].Data["nats.conf"]
	require.Equal(t, []string{"-pid", regexp.MustCompile(`pid_file: "(.*)"`).FindStringSubmatch(config)[1]}, reloader.Args[:2])
	for _, file := range regexp.MustCompile(`_file: "(/etc/.*)"`).FindAllStringSubmatch(config, -1) {
		require.Contains(t, reloader.Args, file[1])
	}
	for _, m := range reloader.VolumeMounts {
		require.True(t, m.ReadOnly, m.Name)
	}
}

func TestTheStoreGivesEverySecretThatPodsRead(t *testing.T) {
	r := renderAny(t, scenario(t, "values-state.yaml"))
	given := map[string]bool{}
	for _, e := range r.Others["ExternalSecret"] {
		name := e["metadata"].(map[string]any)["name"].(string)
		given[name] = true
		_, typed := e["spec"].(map[string]any)["target"].(map[string]any)["template"]
		require.Equal(t, name == "tandem-database-owner", typed, "%s: CloudNativePG wants basic-auth, and pods do not care", name)
	}
	for _, w := range r.Workloads() {
		for name := range w.Secrets() {
			require.True(t, given[name] || strings.HasPrefix(name, "tandem-tls-"), "%s reads %s", w.Name, name)
		}
	}
	require.True(t, given["tandem-database-owner"], "CloudNativePG reads it")
}

func TestDevelopmentModeIsForHostsOfTests(t *testing.T) {
	for host, allowed := range map[string]bool{
		"localhost:8080": true, "tandem-gateway.tandem.svc.cluster.local": true, "badges.test": true, "badges.example.org": true,
		"badges.state.gov": false, "notlocalhost": false, "badges.example.org.state.gov": false, "testing": false, "myexample.org": false,
	} {
		_, err := Template(chartFolder, clusterWith(t, map[string]any{"publicUrl": "http://" + host, "development": map[string]any{"enabled": true}}))
		if allowed {
			require.NoError(t, err, host)
		} else {
			require.ErrorContains(t, err, "development.enabled", host)
		}
	}
	for _, name := range scenarios {
		r := renderAny(t, scenario(t, "values-"+name+".yaml"))
		require.Equal(t, name == "ci", strings.Contains(r.Manifests, "TANDEM_DEV"), name)
		require.Equal(t, name == "ci", strings.Contains(r.Notes, "development mode is on"), name)
		for _, word := range []string{"TANDEM_DEMO", "TANDEM_WALKTHROUGH", "--dev"} {
			require.NotContains(t, r.Manifests, word)
		}
	}
}

func TestThePoolOfMemoryIsNineTenthsOfTheLimit(t *testing.T) {
	for limit, want := range map[string]int64{"512Mi": 483183820, "1Gi": 966367641, "1.5Gi": 1449551462, "500M": 450000000} {
		r := cluster(t, one(map[string]any{"memory": limit}, "schools", "resources", "limits"))
		require.Equal(t, fmt.Sprint(want), r.Of("schools").Env()["GOMEMLIMIT"].Value, limit)
	}
}

// The chart counts with the size of a pool, which is the program's own.
func TestTheChartKnowsHowManyConnectionsAPodOpens(t *testing.T) {
	pool := regexp.MustCompile(`defaultPostgresConns += (\d+)`).FindStringSubmatch(mustRead(t, "../../services/kit/sqldb/open.go"))
	require.Len(t, pool, 2)
	size, err := strconv.Atoi(pool[1])
	require.NoError(t, err)
	require.Contains(t, cluster(t, nil).Notes, fmt.Sprintf("PostgreSQL must take %d connections", 5*4*size+20))
	require.NotContains(t, cluster(t, one(true, "database", "cloudNativePG", "enabled")).Notes, "PostgreSQL must take", "the chart sets it there")
}

func TestTheNotesWarnOfWhatIsLeftOpen(t *testing.T) {
	notes := cluster(t, nil).Notes
	for _, text := range []string{"helm test tandem", "exec deploy/tandem-gateway -- /tandem token", "/tandem doctor badges", "networkPolicy.database.to is empty", "tls.enabled is false", "backup.enabled is false", "one NATS server"} {
		require.Contains(t, notes, text)
	}
	require.NotContains(t, renderAny(t, scenario(t, "values-state.yaml")).Notes, "WARNING")
}
