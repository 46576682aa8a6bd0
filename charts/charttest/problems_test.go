package charttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScenariosHaveNoProblems(t *testing.T) {
	for _, name := range scenarios {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, Problems(renderAny(t, scenario(t, "values-"+name+".yaml"))))
		})
	}
}

// TestPlantedFaultsAreFound changes a copy of the chart and sees that it is noticed:
// rules that find nothing in a broken chart say nothing about a right one.
func TestPlantedFaultsAreFound(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, found string }{
		"services listen elsewhere":            {"_pod.tpl", "containerPort: 9000", "containerPort: 9001", "tandem-schools: TANDEM_GRPC_ADDR is :9000"},
		"a service leads to a missing port":    {"_component.tpl", "targetPort: grpc", "targetPort: rpc", `leads to "rpc"`},
		"callers use a wrong port":             {"_env.tpl", `"name" .) }}:9000`, `"name" .) }}:9009`, "no service has that name and port"},
		"no address of a called service":       {"_env.tpl", "- name: TANDEM_{{ upper . }}_ADDR", "- name: OTHER_{{ upper . }}_ADDR", "tandem-gateway: has no variable TANDEM_BADGES_ADDR"},
		"no database":                          {"_env.tpl", "- name: TANDEM_{{ upper .name }}_DB", "- name: DB", "has no variable TANDEM_SCHOOLS_DB"},
		"no bus":                               {"_env.tpl", "- name: TANDEM_NATS\n", "- name: NATS\n", "has no variable TANDEM_NATS"},
		"services migrate":                     {"_env.tpl", "- name: TANDEM_MIGRATE\n  value: \"false\"", "- name: TANDEM_MIGRATE\n  value: \"true\"", "changes the schema by itself"},
		"the owner's URL for services":         {"_env.tpl", "- name: TANDEM_{{ upper .name }}_DB", "- name: TANDEM_DB", "tandem-schools: has variable TANDEM_DB"},
		"a call that nobody makes":             {"_helpers.tpl", `"evidence" "schools"`, `"evidence" "schools badges"`, "knows the address of badges"},
		"a policy for too few callers":         {"_helpers.tpl", `"badges" "schools assessments evidence")`, `"badges" "schools assessments")`, "tandem-badges: has no variable TANDEM_EVIDENCE_ADDR"},
		"a policy with a wrong port":           {"_networkpolicy.tpl", `"components" . "port" 9000`, `"components" . "port" 9001`, "tandem-gateway: may not reach tandem-schools at 9000"},
		"a policy without callers":             {"_networkpolicy.tpl", `"edge" "from-callers" "in" (include "tandem.ruleOf" (dict "root" $root "direction" "from" "components" .`, `"edge" "from-callers" "in" (include "tandem.ruleOf" (dict "root" $root "direction" "from" "components" (list "nats")`, "may not reach tandem-schools"},
		"NATS for nobody":                      {"nats/networkpolicy.yaml", `"components" $users "port" 4222`, `"components" $users "port" 4223`, "may not reach tandem-nats at 4222"},
		"NATS on another port":                 {"nats/_container.tpl", "containerPort: 4222", "containerPort: 4223", "may not reach tandem-nats"},
		"nothing is closed":                    {"networkpolicy.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "tandem-schools: is not under a policy that closes everything"},
		"private keys of others":               {"_volumes.tpl", "{{- if eq . $own }}", "{{- if true }}", "can read the private keys of"},
		"the keeper for everybody":             {"_volumes.tpl", `{{- if and (eq .name "badges") (include`, `{{- if and true (include`, "tandem-gateway: can read the keeper"},
		"root":                                 {"_pod.tpl", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		"a writable image":                     {"_pod.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "can write its image's files"},
		"a token of Kubernetes":                {"_pod.tpl", "automountServiceAccountToken: false", "automountServiceAccountToken: true", "mounts a token"},
		"a secret for everybody":               {"_volumes.tpl", "defaultMode: 0440", "defaultMode: 0444", "readable by everybody"},
		"a password in the manifest":           {"_env.tpl", "nats\" .Values.tls.enabled }}://$(NATS_USER):$(NATS_PASSWORD)@", "nats\" .Values.tls.enabled }}://me:secret@", "has a password in the manifest"},
		"liveness asks the database":           {"_pod.tpl", "livenessProbe:\n  httpGet:\n    path: /healthz", "livenessProbe:\n  httpGet:\n    path: /readyz", "liveness probe asks /readyz"},
		"a probe at a port that is not there":  {"_pod.tpl", "path: /readyz\n    port: ops", "path: /readyz\n    port: health", "readiness probe asks port health"},
		"an impatient start":                   {"_pod.tpl", "failureThreshold: {{ div (add .root.Values.startWaitSeconds 60) 2 }}", "failureThreshold: 30", "waits for its database for 10m"},
		"an impatient stop":                    {"_pod.tpl", "{{ add .root.Values.drainDelaySeconds .root.Values.drainSeconds 10 }}", "20", "stops by itself in"},
		"a stop before a start":                {"_pod.tpl", "maxUnavailable: 0", "maxUnavailable: 1", "stops pods before others are ready"},
		"a budget for one pod":                 {"_component.tpl", "{{- if gt (int (include \"tandem.leastReplicas\" .)) 1 -}}", "{{- if true -}}", "could not be drained"},
		"a migration at a rollback":            {"migrate/_migrate.tpl", "helm.sh/hook: pre-install,pre-upgrade", "helm.sh/hook: pre-install,pre-upgrade,pre-rollback", "runs at a rollback"},
		"an account after the Job":             {"migrate/serviceaccount.yaml", `"weight" "-10"`, `"weight" "10"`, "comes no earlier than tandem-migrate"},
		"a policy after the Job":               {"migrate/networkpolicy.yaml", `"weight" "-10"`, `"weight" "10"`, "comes no earlier than tandem-migrate"},
		"an account that is no hook":           {"migrate/serviceaccount.yaml", `"annotations" $hook`, `"annotations" dict`, "which is not there yet"},
		"limits of CPU":                        {"_pod.tpl", "{{- toYaml $c.resources | nindent 2 }}", "{limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 1, memory: 1Gi}}", "has a limit of CPU"},
		"pods of all components spread as one": {"_pod.tpl", "labelSelector:\n      matchLabels:\n        {{- include \"tandem.componentSelector\" $ | nindent 8 }}", "labelSelector:\n      matchLabels: {app: tandem}", "spreads other pods"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := planted(t, c.file, c.old, c.new)
			r, err := Template(folder, scenario(t, "values-ci.yaml"))
			require.NoError(t, err)
			require.Contains(t, strings.Join(Problems(r), "\n"), c.found)
		})
	}
}

// planted copies the chart with a change in one file.
func planted(t *testing.T, file, old, changed string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(chartFolder)))
	path := filepath.Join(folder, "templates", file)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), old, "nothing to change in %s", file)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, changed)), 0o644))
	return folder
}
