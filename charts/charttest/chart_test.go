package charttest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

func TestHelmFindsNothingToComplainAbout(t *testing.T) {
	all := map[string]map[string]any{"minimal": minimal()}
	for _, name := range scenarios {
		all[name] = scenario(t, "values-"+name+".yaml")
	}
	for name, values := range all {
		t.Run(name, func(t *testing.T) {
			for _, m := range lint.All(chartFolder, values, Namespace, true).Messages {
				// An icon is a matter of taste.
				if m.Severity > support.InfoSev {
					t.Error(m)
				}
			}
		})
	}
}

func TestScenariosRenderAsReviewed(t *testing.T) {
	for _, name := range scenarios {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", name+".yaml"), withoutCopies(renderAny(t, scenario(t, "values-"+name+".yaml")).Manifests))
		})
	}
}

// copied is what the chart takes from files as it is: it is reviewed there.
var copied = regexp.MustCompile(`(?s)(# Source: tandem/templates/monitoring/\S+\n.*?\n(?:spec|data):\n).*?(\n---\n|$)`)

func withoutCopies(manifests string) string {
	return copied.ReplaceAllString(manifests, "${1}  # as in files/${2}")
}

// golden compares a text with a file, or writes it with UPDATE=1.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	if string(want) != got {
		t.Errorf("%s is not what the chart gives; read the difference; when it is meant: UPDATE=1 make chart\n%s", file, firstDifference(string(want), got))
	}
}

// firstDifference is the first line in which two texts differ.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, and %d now", len(a), len(b))
}

func TestEveryValueIsInTheSchema(t *testing.T) {
	text, err := os.ReadFile(chartFolder + "/values.schema.json")
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, yaml.Unmarshal(text, &schema))
	listed(t, schema["definitions"].(map[string]any), schema, "values", scenario(t, "values.yaml"))
}

// listed sees that a schema has all keys of some values and wants them: a key with nothing after it takes the default
// away, and templates would stumble over it.
func listed(t *testing.T, definitions, schema map[string]any, path string, values map[string]any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return // a map of anything
	}
	for key, value := range values {
		require.Contains(t, properties, key, path)
		if path != "values.topologySpread" { // components have the same, and leave it empty
			require.Contains(t, schema["required"], key, path)
		}
		if inner, ok := value.(map[string]any); ok {
			listed(t, definitions, properties[key].(map[string]any), path+"."+key, inner)
		}
	}
}

// Pod Security "restricted", and what goes beyond it.
func TestThePodCanDoNothingItDoesNotNeed(t *testing.T) {
	r := render(t, minimal())
	spec := pod(t, r).Spec
	require.False(t, *r.ServiceAccounts[0].AutomountServiceAccountToken)
	require.False(t, *spec.AutomountServiceAccountToken)
	require.Equal(t, r.ServiceAccounts[0].Name, spec.ServiceAccountName)
	require.False(t, *spec.EnableServiceLinks)
	require.False(t, spec.HostNetwork || spec.HostPID || spec.HostIPC)

	require.True(t, *spec.SecurityContext.RunAsNonRoot)
	require.NotZero(t, *spec.SecurityContext.RunAsUser)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, spec.SecurityContext.SeccompProfile.Type)
	// Any other policy would open the key files to the group on each start.
	require.Equal(t, corev1.FSGroupChangeOnRootMismatch, *spec.SecurityContext.FSGroupChangePolicy)

	own := spec.Containers[0].SecurityContext
	require.False(t, *own.AllowPrivilegeEscalation)
	require.True(t, *own.ReadOnlyRootFilesystem)
	require.Nil(t, own.Privileged)
	require.Equal(t, []corev1.Capability{"ALL"}, own.Capabilities.Drop)
	require.Empty(t, own.Capabilities.Add)
	for _, volume := range spec.Volumes {
		require.NotNil(t, volume.EmptyDir, volume.Name)
	}
}

func TestTheKeeperOfIssuersKeysIsMountedForTheProgramAlone(t *testing.T) {
	require.NotContains(t, env(t, render(t, minimal())), "TANDEM_ISSUER_KEEPER", "the program makes its own key file")
	r := render(t, with(map[string]any{"issuerKeeper": map[string]any{"secretName": "keeper", "url": "awskms://alias/tandem?region=us-west-2"}}))
	const path = "/etc/tandem/issuer-keeper"
	require.Equal(t, "awskms://alias/tandem?region=us-west-2,"+path+"/keeper.key", env(t, r)["TANDEM_ISSUER_KEEPER"], "the key service encrypts")
	spec := pod(t, r).Spec
	mounts := spec.Containers[0].VolumeMounts
	mount := mounts[slices.IndexFunc(mounts, func(m corev1.VolumeMount) bool { return m.MountPath == path })]
	require.True(t, mount.ReadOnly)
	secret := spec.Volumes[slices.IndexFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })].Secret
	require.Equal(t, "keeper", secret.SecretName)
	require.EqualValues(t, 0o440, *secret.DefaultMode)
}

func TestResourcesAreBounded(t *testing.T) {
	resources := pod(t, render(t, minimal())).Spec.Containers[0].Resources
	require.False(t, resources.Requests.Cpu().IsZero())
	require.False(t, resources.Requests.Memory().IsZero())
	require.False(t, resources.Limits.Memory().IsZero())
}

func TestProbesAskTheOperatorsPort(t *testing.T) {
	container := pod(t, render(t, minimal())).Spec.Containers[0]
	ports := map[string]int32{}
	for _, p := range container.Ports {
		ports[p.Name] = p.ContainerPort
	}
	require.Equal(t, map[string]int32{"http": 8080, "ops": 8081}, ports)
	for path, probes := range map[string][]*corev1.Probe{
		"/healthz": {container.StartupProbe, container.LivenessProbe}, "/readyz": {container.ReadinessProbe},
	} {
		for _, probe := range probes {
			require.Equal(t, path, probe.HTTPGet.Path)
			require.Equal(t, intstr.FromString("ops"), probe.HTTPGet.Port)
		}
	}
	e := env(t, render(t, minimal()))
	require.Equal(t, ":8080", e["TANDEM_HTTP_ADDR"])
	require.Equal(t, ":8081", e["TANDEM_OPS_ADDR"])
}

func TestKubernetesWaitsLongerThanTheProgramDrains(t *testing.T) {
	for _, seconds := range []int{1, 20, 300} {
		r := render(t, with(map[string]any{"drainSeconds": seconds}))
		drain, err := time.ParseDuration(env(t, r)["TANDEM_DRAIN"])
		require.NoError(t, err)
		require.Equal(t, time.Duration(seconds)*time.Second, drain)
		grace := time.Duration(*pod(t, r).Spec.TerminationGracePeriodSeconds) * time.Second
		require.Equal(t, drain+10*time.Second, grace)
	}
}

func TestOneProcessOwnsTheVolume(t *testing.T) {
	r := render(t, minimal())
	set := r.StatefulSets[0]
	require.EqualValues(t, 1, *set.Spec.Replicas)
	require.Len(t, set.Spec.VolumeClaimTemplates, 1)
	claim := set.Spec.VolumeClaimTemplates[0]
	require.Equal(t, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, claim.Spec.AccessModes)
	require.Nil(t, claim.Spec.StorageClassName)
	require.EqualValues(t, "Retain", set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted)

	writable := map[string]string{}
	for _, m := range pod(t, r).Spec.Containers[0].VolumeMounts {
		writable[m.Name] = m.MountPath
	}
	require.Equal(t, map[string]string{claim.Name: "/var/lib/tandem", "tmp": "/tmp"}, writable)
	require.True(t, strings.HasPrefix(env(t, r)["TANDEM_DATA"], writable[claim.Name]+"/"), "a folder below the volume's root")
}

func TestServicesFindThePod(t *testing.T) {
	r := render(t, minimal())
	labels := pod(t, r).Labels
	for _, service := range r.Services {
		require.Subset(t, labels, service.Spec.Selector)
		require.Len(t, service.Spec.Ports, 1)
		require.Equal(t, intstr.FromString(service.Spec.Ports[0].Name), service.Spec.Ports[0].TargetPort)
	}
	require.Equal(t, r.StatefulSets[0].Spec.ServiceName, r.Services[1].Name)
	require.Equal(t, corev1.ClusterIPNone, r.Services[1].Spec.ClusterIP)
	require.Subset(t, labels, r.StatefulSets[0].Spec.Selector.MatchLabels)
	require.NotContains(t, r.StatefulSets[0].Spec.Selector.MatchLabels, "app.kubernetes.io/version", "cannot change in an upgrade")
}

// openPolicy is the one policy of the single scenario beside that of helm test.
func openPolicy(t *testing.T, r *Render) networkingv1.NetworkPolicySpec {
	t.Helper()
	require.Len(t, r.NetworkPolicies, 2)
	for _, p := range r.NetworkPolicies {
		if p.Annotations[hookAnnotation] == "" {
			return p.Spec
		}
	}
	require.Fail(t, "no policy")
	return networkingv1.NetworkPolicySpec{}
}

func TestTheNetworkPolicyOpensHTTPOnly(t *testing.T) {
	r := render(t, minimal())
	spec := openPolicy(t, r)
	require.Subset(t, pod(t, r).Labels, spec.PodSelector.MatchLabels)
	require.ElementsMatch(t, []networkingv1.PolicyType{"Ingress", "Egress"}, spec.PolicyTypes)
	require.Len(t, spec.Ingress, 1)
	require.Len(t, spec.Ingress[0].Ports, 1)
	require.Equal(t, intstr.FromString("http"), *spec.Ingress[0].Ports[0].Port)
	require.Empty(t, spec.Egress)
}

func TestMetricsAndWaysOutAreOpenedByValue(t *testing.T) {
	peer := map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"kubernetes.io/metadata.name": "monitoring"}}}
	spec := openPolicy(t, render(t, with(map[string]any{"networkPolicy": map[string]any{
		"metricsFrom": []any{peer},
		"egress":      []any{map[string]any{"to": []any{peer}, "ports": []any{map[string]any{"port": 4317, "protocol": "TCP"}}}},
	}})))
	require.Len(t, spec.Ingress, 2)
	require.Equal(t, intstr.FromString("ops"), *spec.Ingress[1].Ports[0].Port)
	require.Equal(t, "monitoring", spec.Ingress[1].From[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
	require.Len(t, spec.Egress, 2)
	require.Equal(t, intstr.FromInt32(53), *spec.Egress[0].Ports[0].Port)
	require.Equal(t, intstr.FromInt32(4317), *spec.Egress[1].Ports[0].Port)
}

func TestTheIngressServesThePublicHost(t *testing.T) {
	require.Empty(t, render(t, minimal()).Ingresses)
	r := render(t, map[string]any{
		"publicUrl": "https://badges.example.org:8443/",
		"ingress":   map[string]any{"enabled": true, "className": "nginx", "tlsSecretName": "badges-tls"},
	})
	require.Equal(t, "https://badges.example.org:8443", env(t, r)["TANDEM_PUBLIC_URL"])
	require.Len(t, r.Ingresses, 1)
	spec := r.Ingresses[0].Spec
	require.Equal(t, "nginx", *spec.IngressClassName)
	require.Equal(t, []networkingv1.IngressTLS{{Hosts: []string{"badges.example.org"}, SecretName: "badges-tls"}}, spec.TLS)
	require.Equal(t, "badges.example.org", spec.Rules[0].Host)
	backend := spec.Rules[0].HTTP.Paths[0].Backend.Service
	require.Equal(t, r.Services[0].Name, backend.Name)
	require.Equal(t, r.Services[0].Spec.Ports[0].Name, backend.Port.Name)
}

func TestOptionalSettingsReachTheProgram(t *testing.T) {
	e := env(t, render(t, minimal()))
	for _, name := range []string{"TANDEM_BLOBS", "TANDEM_CORS_ORIGINS", "TANDEM_OTLP_ENDPOINT", "TANDEM_DB", "TANDEM_NATS"} {
		require.NotContains(t, e, name)
	}
	e = env(t, render(t, with(map[string]any{
		"blobs":       map[string]any{"url": "s3://evidence?region=us-west-2"},
		"corsOrigins": []any{"https://app.example.org", "https://other.example.org"},
		"telemetry":   map[string]any{"otlpEndpoint": "http://collector:4317"},
		"extraEnv":    []any{map[string]any{"name": "AWS_REGION", "value": "us-west-2"}},
	})))
	require.Equal(t, "s3://evidence?region=us-west-2", e["TANDEM_BLOBS"])
	require.Equal(t, "https://app.example.org,https://other.example.org", e["TANDEM_CORS_ORIGINS"])
	require.Equal(t, "http://collector:4317", e["TANDEM_OTLP_ENDPOINT"])
	require.Equal(t, "us-west-2", e["AWS_REGION"])
}

func TestADigestIsStrongerThanATag(t *testing.T) {
	image := func(image map[string]any) string {
		return pod(t, render(t, with(map[string]any{"image": image}))).Spec.Containers[0].Image
	}
	require.Equal(t, "registry.example.org/tandem:v1", image(map[string]any{"repository": "registry.example.org/tandem", "tag": "v1"}))
	digest := "sha256:" + strings.Repeat("a", 64)
	require.Equal(t, "registry.example.org/tandem@"+digest,
		image(map[string]any{"repository": "registry.example.org/tandem", "tag": "v1", "digest": digest}))
}

func TestTheNotesTellHowToBegin(t *testing.T) {
	notes := render(t, minimal()).Notes
	for _, text := range []string{"https://badges.example.org", "/tandem token", "port-forward", "data-tandem-0"} {
		require.Contains(t, notes, text)
	}
	require.NotContains(t, notes, "WARNING")
	require.Contains(t, render(t, with(map[string]any{"blobs": map[string]any{"url": "s3://evidence"}})).Notes, "WARNING")
}
